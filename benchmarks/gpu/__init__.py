"""Everything about the project that needs a GPU to be known: ``python -m benchmarks.gpu``.

It runs from a bare checkout, without DVC and without network. Each part is a process of its own, so that one
that fails, hangs or breaks the GPU's context takes no other with it, and it imports what it needs, so that a
package that is missing stops it alone.
"""
