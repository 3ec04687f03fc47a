"""Tests of bellwire."""
