"""Tests of the embedded servers, with real ones."""
