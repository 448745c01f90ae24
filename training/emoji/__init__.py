"""A small text-to-image model, trained from public packages; `python -m training.emoji` is all of it.

sources       the packages, pinned and verified
concepts      what can be drawn, joined from them
pictures      their drawings on white; `recolour` turns their colours
dataset       all pictures; `linear_code` makes latents of them without training
captions      what is said of a picture, and what is kept back; `words` knows what words mean
dictionary    what words mean; `borrowing` finds those that are not taught and mean a concept
tokenizer     a vocabulary of its own; `text_encoder` reads it
prepared      all of that, computed once
network       the denoiser and the noise
batches       what an update learns from
loop          the updates; `plan` has their numbers, `gradients` the threads, `state` what is kept
denoiser      the task of the denoiser and text encoder; `autoencoder` that of the autoencoder
export        a pipeline of diffusers from both; `known_words` says what it knows
sheet         pictures to be looked at; `evaluate` judges them
"""
