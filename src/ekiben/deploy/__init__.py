"""From the project to something that travels: Bentos, their bill of materials, container images.

    bentofile ─► drawing ─► blueprint ─► bento_build ─► bento_check ─► trial     `ekiben build`
    bento ─► image_context ─► containerfile ─► image_build                       `ekiben containerize`

BentoML itself is used as the program it is, in processes of its own.
"""
