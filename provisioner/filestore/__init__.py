"""Firmware, wallpapers, logos and ring tones: kept once, given to the phones that may have them."""
