"""From a module and samples to an artefact that is proved to give the module's own answers."""
