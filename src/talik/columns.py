"""What each column of the tables holds, in words: quantities say it themselves, the others here."""

from talik.quantities import QUANTITIES
from talik.tables import TABLES

_MEANINGS = {
    "study": "Study that the row belongs to.",
    "title": "Title of the study.",
    "doi": "DOI of the publication or the data.",
    "citation": "How the study is cited.",
    "licence": "Licence of the data.",
    "source": "Database or laboratory that the study came from.",
    "note": "Remarks.",
    "site": "Name of the site.",
    "country": "Country of the site.",
    "land_cover": "Land cover of the site.",
    "soil_order": "Soil order.",
    "permafrost": "Whether the site has permafrost: yes, no, or empty where nothing is known.",
    "permafrost_evidence": "What permafrost was concluded from.",
    "sample": "Name of the soil sample.",
    "core": "Core or profile that samples of several depths come from.",
    "layer": "Layer of a permafrost soil: organic, active or permafrost.",
    "layer_evidence": "What the layer was concluded from.",
    "horizon": "Soil horizon.",
    "subject": "Whether the property is one of a sample or of a site.",
    "id": "Name of the sample or site.",
    "property": "Name of the property.",
    "group": "Group of the property: mineral, microbial, substrate or environment.",
    "subgroup": "Subgroup of the property.",
    "value": "Value, in the unit that the row or the property states.",
    "sd": "Standard deviation of the replicates, in the unit of the value.",
    "n": "Number of replicates or values behind it.",
    "unit": "Unit of the value.",
    "jar": "Name of the incubated portion.",
    "incubation": "Incubation that the jar belongs to.",
    "set": "Jars or intervals of one sample that differ in temperature and replicate only.",
    "replicate": "Name of the replicate.",
    "oxygen": "Oxygen of the jar: a share, anaerobic, or empty for air.",
    "moisture": "Moisture that the jar was held at.",
    "moisture_unit": "Unit of the moisture.",
    "vessel": "How the jar's gas is caught: closed, flow-through or alkali trap.",
    "sieving": "Mesh that the soil was sieved through.",
    "start": "Date and time of day 0, with its time zone.",
    "cabinet": "Cabinet that the jar stood in.",
    "batch": "Batch that was handled or read together.",
    "replicates": "Number of replicates that the values of the jar are the mean of.",
    "basis": "What carbon is respired per: dry soil, soil carbon, jar or label carbon.",
    "measures": "What was measured: respiration, carbon remaining or other.",
    "scale": "Whether amounts are believed; empty where nothing speaks against them.",
    "excluded": "Why the jar gives no Q10; empty where it may.",
    "gas": "Gas that was measured: co2 or ch4.",
    "event": "What happened to the jar's gas.",
    "closing": "Name of one closing of the jar.",
    "file": "File that the row was read from.",
    "line": "Line in that file.",
    "sd_shared": "Part of the standard deviation that all intervals of the jar have in common.",
    "covariance_before": "Covariance with the interval before.",
    "lower": "Lower end of the 95 % interval.",
    "upper": "Upper end of the 95 % interval.",
    "method": "How the value was estimated.",
    "flag": "What is to be minded; empty where nothing is.",
    "filled": "How the value was filled in, where it was.",
    "model": "Model that was fitted.",
    "parameter": "Parameter of the model.",
    "estimate": "Estimate of the parameter; empty where the data do not identify it.",
    "identified": "Whether the data identify the parameter.",
    "reason": "Why it is so.",
    "aicc": "Corrected Akaike information criterion.",
    "bic": "Bayesian (Schwarz's) information criterion.",
    "weight": "Akaike weight of the model among all that were fitted to the same rates.",
    "collinearity": "Collinearity index of the parameters; above 15 to 20 one can be replaced by the others.",
    "reference_temperature": "Temperature that decay rates or the rate of an Arrhenius line hold at, in degC.",
    "definition": "Definition of Q10.",
    "pool": "Pool whose Q10 it is.",
    "paired": "Whether both temperatures were measured on the same jars.",
    "temperatures": "Number or list of temperatures.",
    "quota_start": "Carbon respired at the start of the window of an equal-carbon Q10.",
    "quota_end": "Carbon respired at the end of that window.",
    "sd_ln_q10": "Standard deviation of ln Q10.",
    "interval_from": "How the interval was made.",
    "window": "Part of the incubation: whole, first (the first common reading), or part 1 of 4 and so on.",
    "q10_start": "Q10 of the trend where nothing is respired yet.",
    "q10_end": "Q10 of the trend where all the carbon of the window is respired.",
    "slope": "Change of ln Q10 from the start to the end of the carbon of the window.",
    "trend": "Whether Q10 rises, falls, or no trend is seen, at 95 %.",
    "treatment": "Treatment of the jars, as the names of their sets tell it.",
    "rate_reference": "Respiration at the reference temperature, in the unit of its basis.",
    "sd_ln_rate_reference": "Standard deviation of its logarithm, independent of that of the activation energy.",
    "rate_20": "Respiration at 20 °C on the line, in the unit of its basis.",
    "sd_ln_rate_20": "Standard deviation of its logarithm.",
    "correlation": "Correlation of the errors of the activation energy and of ln respiration at 20 °C.",
    "measure": "What is compared.",
    "ratio": "Ratio of the two.",
    "constant": "How the one constant Q10 was chosen.",
    "soils": "Number of soils.",
    "weighting": "What soils are weighted by.",
    "outcome": "Whether the study gives a Q10.",
    "stage": "Stage that found the problem.",
    "entry": "Study or file that it was found in.",
    "column": "Column, site, sample, jar or set that it concerns.",
    "rule": "Rule that it breaks, or decision that was made.",
    "severity": "error, warning or info.",
    "where": "File, line or rows.",
    "found": "What was found.",
    "needed": "What is needed.",
    "done": "What was done.",
    "response": "What is explained, as analysed.",
    "predictor": "What explains: a column, or a level of one.",
    "controlled": "Group that is held.",
    "zero_order": "Correlation with nothing held.",
    "freedom": "Degrees of freedom.",
    "p": "Probability of as much, or more, if there were nothing.",
    "p_adjusted": "The same, adjusted after Benjamini and Hochberg for all that were tested together.",
    "sites": "Number of sites.",
    "fraction": "Groups that share a fraction of the variation.",
    "kind": "What kind of fraction, effect, test or sentence it is.",
    "level": "Whether a share is of a predictor, a subgroup or a group.",
    "share": "Part of what all explain, or of the variance of a subgroup that its first component holds.",
    "total": "What all explain: the sum of the shares.",
    "term": "Term of the model: a predictor, a variance, or an R2.",
    "standardised": "Effect per standard deviation of the predictor, in standard deviations of the response.",
    "words": "What it is or says, in words.",
    "weights": "How pairs of places weigh.",
    "expected": "Mean of the statistic without autocorrelation.",
    "p_permutation": "p by permutation.",
    "share_lower": "Lower end of the 95 % interval of the share.",
    "share_upper": "Upper end of the 95 % interval of the share.",
    "finding": "Whether a subgroup raises or lowers the response, may do so, is not separated, or is not found.",
    "beside": "Subgroup that it cannot be told from.",
    "sites_needed": "Sites that would show an effect of this size with 80 % power; empty for more than 1,000.",
    "verdict": "What the primary analysis says, in a sentence.",
    "agrees": "Whether an analysis says the same as the primary one.",
    "differs": "In what an analysis differs from the primary one.",
    "probability": "Probability that the effect has the sign of its estimate.",
    "shrinkage": "Part of the effect that the prior takes away: 0 nothing, 1 all of it.",
    "what": "What an answer is of.",
    "naive": "The answer with the errors of the response passed over.",
    "difference": "What it changes to be told of the errors: the estimate less the naive answer.",
    "reliability": "Part of the variance of the response that is no error.",
    "how": "How a method is told of the errors.",
    "loading": "Correlation of the column with the first component of its subgroup.",
    "transform": "What was taken of the predictor before it was scaled: ln, or nothing.",
    "reference": "Level that the other levels of a factor are compared with.",
    "mean": "Mean of the predictor, after its transform, before it was scaled.",
    "variance_inflation": "How far the others inflate the variance of its effect; above 10 it is hardly known.",
    "soils_with_q10": "Number of soils with a Q10.",
    "sets": "Number of sets.",
    "sets_with_q10": "Number of sets with a Q10.",
}


def meaning(column: str, table: str = "") -> str:
    """What a column holds, in a sentence.

    Parameters
    ----------
    column : str
        Name of the column.
    table : str, optional
        Table that it stands in: a column that is not one of its own is a treatment.

    Returns
    -------
    str

    Examples
    --------
    >>> meaning("respiration")
    'Carbon respired per gram of dry soil and day.'
    >>> meaning("vegetation", "samples")
    "Treatment 'vegetation' of the study."
    """
    if column in QUANTITIES:
        return QUANTITIES[column].meaning
    if table in TABLES and column not in {one.name for one in TABLES[table].columns}:
        return f"Treatment {column!r} of the study."
    return _MEANINGS.get(column, f"{column.replace('_', ' ').capitalize()}.")
