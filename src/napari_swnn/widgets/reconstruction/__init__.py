"""Panel *SWNN reconstruction*, which trains models on references and generates volumes.

May import `kit`, `layers` and `lazy`.
"""
