"""The acts: one module for each thing a person can ask for.

An act takes what it needs and returns one frozen result.
"""
