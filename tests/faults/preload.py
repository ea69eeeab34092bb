"""The shim in a program's environment."""
import os


def preloaded(library):
    """The variables that preload a library, whatever its path: LD_PRELOAD takes a blank for its end."""
    folder, name = os.path.split(os.path.abspath(library))
    return {'LD_PRELOAD': name, 'LD_LIBRARY_PATH': folder}
