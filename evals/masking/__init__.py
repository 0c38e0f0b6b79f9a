"""How much personal data is hidden, and how much else."""
