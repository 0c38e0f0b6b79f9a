"""Lightspeed Retail X-Series, version 2026-07."""
