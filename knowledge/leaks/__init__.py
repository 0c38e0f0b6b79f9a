"""Whether raw data of certain people stands anywhere it must not: every byte of every sink, in every usual disguise."""
