"""Moderation: texts and pictures in, a score for each category out.

    folding, confusables, words                 what a text says, whatever it is written with
    block_list_file, phrase_tree, block_list    words and phrases that score at once
    terms, profanity                            bags of terms: a linear model over a whole text
    spans, injection                            … and over its parts, decoded or backwards
    sequence                                    a transformer over tokens
    open_nsfw                                   a network over pixels
    classifiers, model                          all of one card's, as one model

Each classifier is one small class behind `classifier.Classifier`; none knows of the others.
"""
