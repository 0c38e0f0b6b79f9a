"""Offers that are printed or sent as a QR code and scanned at a register: signed, good once, until a day."""
