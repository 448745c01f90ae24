"""The version of this source tree; the build backend reads it here too.

Written down, not looked up: a Bento holds the sources without the metadata that an installation leaves.
"""

__version__ = "0.1.0"
