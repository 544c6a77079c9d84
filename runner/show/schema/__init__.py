"""The JSON answers of all commands, as types, and the JSON Schema of each.

A test holds every answer of the command line against its type.
"""
