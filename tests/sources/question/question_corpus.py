"""A small corpus to ask."""

from silversmith.core import Document

TEXTS = [
    "Leprosy was common in Norway. Gerhard Hansen worked in Bergen on leprosy.",
    "Patients with diabetes mellitus (DM) often have hypertension. DM was treated with metformin.",
    "Metformin and aspirin were given to patients with tuberculosis and malaria.",
    "Barack Obama met Angela Merkel in Berlin. The chancellor spoke about the economy.",
    "The city of Paris is larger than Lyon. Emmanuel Macron lives in Paris.",
    "Cholera broke out in London in 1854. John Snow mapped the cases.",
    "An omelette is a dish made from eggs. Paella is a dish with rice.",
    "The weather was bad and the train was late.",
]


def documents():
    return [Document(f"d{n}", text) for n, text in enumerate(TEXTS)]
