"""Texts as words: what a reader types and what a catalog or a playbook says, brought to the same terms."""
