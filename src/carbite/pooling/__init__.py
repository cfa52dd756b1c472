"""Pooling of single-arm proportions, and the difference between two pooled arms.

The definitions are those of metafor 3.8 (Viechtbauer 2010, J Stat Softw 36(3)), with three differences:

* every estimate of tau2 is converged; metafor's default settings stop early;
* REML and ML are the *global* maximum over tau2 >= 0; metafor climbs from one starting value;
* the interval ``modified-hartung-knapp`` is metafor's ``test="adhoc"``.

Symbols: y_i and v_i are the effect of trial i and its sampling variance on the scale of the analysis,
w_i = 1 / (v_i + tau2), k is the number of trials, mu the pooled effect.

Every search is a fixed grid and then a bracketed root, and every integral has fixed nodes. Nothing is random and
nothing depends on an optimiser's settings, so another language can repeat it step by step: the browser does, in
files of the same names.

================  ==========================================================
effects           from counts to effects, and back to proportions
tau2              the variance between trials
intervals         confidence and prediction intervals
pooled            one arm: ``pool`` and ``pool_effects``
difference        two arms: ``contrast``
binomial_normal   one arm without effects, straight from its counts: ``glmm``
integral          the likelihood of that model
search            the highest maximum of a likelihood
checks            what is refused, and with which words
================  ==========================================================
"""

from carbite.pooling.binomial_normal import Glmm, glmm
from carbite.pooling.difference import CONTRAST_TAU2, Contrast, OddsRatio, contrast
from carbite.pooling.effects import MEASURES, Proportion, effect_sizes
from carbite.pooling.intervals import INTERVALS
from carbite.pooling.pooled import Pooled, pool, pool_effects
from carbite.pooling.tau2 import TAU2

__all__ = [
    "CONTRAST_TAU2",
    "INTERVALS",
    "MEASURES",
    "TAU2",
    "Contrast",
    "Glmm",
    "OddsRatio",
    "Pooled",
    "Proportion",
    "contrast",
    "effect_sizes",
    "glmm",
    "pool",
    "pool_effects",
]
