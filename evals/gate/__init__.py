"""Figures that may not get worse without somebody saying so: few and quick, beside every change."""
