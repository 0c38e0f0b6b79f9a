"""Whether offers help: effects from hold-outs and from logged draws, with intervals that hold."""
