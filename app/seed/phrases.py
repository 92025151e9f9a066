"""The words that the seeder makes its texts of: names, trades, matters and what people write about them.

A phrase may hold slots such as ``{counterparty}``; `Writer` fills each with a phrase of that list, however deep.
Order matters: the same dice over the same lists give the same text, so a changed line changes the seeded data.
"""

# Words in a row read better than a column of literals, and people's names are spelt as they are.
# ruff: noqa: SIM905, RUF001

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

FIRST_NAMES = (
    "Aaliyah Adrian Agnieszka Aisha Alejandro Amara Amélie Anders Anjali Antoine Arjun Astrid Beatriz Benedikt "
    "Bilal Bronwyn Camille Carlos Chiara Chloé Claire Conor Daniela David Dmitri Eleanor Elif Emeka Emil Esther "
    "Fatima Fergus Fiona Francesca Gabriel Giulia Grace Hannah Harriet Hassan Helena Hiroshi Hugo Imogen Ingrid "
    "Isabel Ivan Jasper Jingyi Joana Johannes Josephine Julia Kamal Karolina Katarína Keiko Kwame Lars Laura Layla "
    "Leila Leonie Liam Lucía Łukasz Magnus Marcus Margaret Mariam Martin Mei Michael Mihai Mónica Nadia Naomi "
    "Nikolai Noor Oliver Olumide Oscar Patricia Pedro Priya Rafael Rebecca Rohan Rosa Samuel Sanjay Sarah Siobhán "
    "Sofia Søren Stefan Susanna Tariq Teresa Thandiwe Thomas Tomás Ursula Valentina Victor Wei Yasmin Yusuf Zoë"
).split()

LAST_NAMES = (
    "Abara Adeyemi Ahlström Almeida Andersen Bakker Banerjee Barrett Becker Bergström Bianchi Blackwood Boateng "
    "Brennan Callahan Castellanos Chaudhry Chen Clarke Correia Dąbrowski Delacroix Desai Donnelly Dubois Eriksen "
    "Farouk Fernández Ferreira Fitzgerald Fontaine Gallagher García Ghosh Greene Grünwald Haddad Hale Hansen "
    "Hartmann Hashimoto Hoffmann Holloway Ibrahim Iyer Jansen Jensen Kapoor Keller Khan Kowalski Kruger Kuznetsov "
    "Lambert Lindqvist Lombardi Lowell MacLeod Mahmoud Marchetti Marlowe Mbeki Meyer Moreau Müller Murphy Nakamura "
    "Ndiaye Nguyễn Novák O’Brien Okafor Okonkwo Olsen Osei Papadopoulos Park Patel Pereira Petrov Quinn Ramírez Rao "
    "Ricci Rossi Rousseau Sandoval Schneider Sharma Sinclair Sørensen Steiner Sutherland Suzuki Takahashi Tanaka "
    "Thornton Torres Vasquez Vogel Walsh Weber Whitfield Winterbourne Yamamoto Yıldız Zhang Zimmermann"
).split()

FIRM_NAMES = (
    "Ashcombe Alder Bellweather Brightwater Calloway Carrick Dunmore Eastgate Fairhaven Fenwick Greystone Hallam "
    "Harrowgate Ironbridge Kingsley Larkfield Lockwood Marchmont Merriweather Northgate Oakhurst Pemberton Quayside "
    "Ravensworth Redcliffe Selborne Stonebridge Thornbury Underhill Vantage Westbrook Wexford Whitmore Yarrow"
).split()
FIRM_ENDINGS = ("Legal", "& Partners", "Advisory", "LLP", "Counsel", "Associates", "Consulting", "Law Group")
PLANS = ("starter", "team", "business", "enterprise")

OWNER_TITLES = ("Managing partner",)
ADMIN_TITLES = ("Chief operating officer", "Head of practice management", "Finance director", "IT director")
STAFF_TITLES = (
    "Partner",
    "Counsel",
    "Senior associate",
    "Senior associate",
    "Associate",
    "Associate",
    "Junior associate",
    "Trainee solicitor",
    "Paralegal",
    "Legal project manager",
    "Principal consultant",
    "Consultant",
    "Business analyst",
    "Knowledge lawyer",
    "Legal secretary",
)
GUEST_TITLES = ("External counsel", "Expert witness", "Client observer", "Auditor")

INDUSTRIES = (
    "Aerospace",
    "Agriculture",
    "Banking",
    "Biotechnology",
    "Construction",
    "Education",
    "Energy",
    "Fashion",
    "Food and drink",
    "Gaming",
    "Healthcare",
    "Hospitality",
    "Insurance",
    "Logistics",
    "Manufacturing",
    "Media",
    "Mining",
    "Pharmaceuticals",
    "Real estate",
    "Retail",
    "Shipping",
    "Software",
    "Telecommunications",
    "Tourism",
)
CLIENT_NAMES = (
    "Acorn Aldgate Amberline Apex Arcadia Aurora Baltic Beacon Birchwood Bluefin Borealis Calder Cascade Cedar "
    "Cobalt Compass Copperfield Crestline Delta Driftwood Ember Evergreen Falcon Fjord Foxglove Granite Halcyon "
    "Harbour Hawthorn Helix Horizon Indigo Juniper Keystone Lantern Lumen Magnolia Meridian Mistral Monarch Nimbus "
    "Nordic Obsidian Orchard Osprey Palisade Pinnacle Polaris Quartz Redwood Riverbend Saffron Sapphire Sierra "
    "Silverline Solstice Summit Tamarind Tideway Timberland Topaz Trident Umbra Verdant Vertex Westwind Willow Zephyr"
).split()
CLIENT_ENDINGS = (
    "Aggregates",
    "Airways",
    "Biosciences",
    "Breweries",
    "Capital",
    "Energy",
    "Foods",
    "Freight",
    "GmbH",
    "Group",
    "Holdings",
    "Hotels",
    "Industries",
    "Insurance",
    "Logistics",
    "Media",
    "Mutual",
    "Networks",
    "Pharma",
    "Properties",
    "Retail",
    "Robotics",
    "Shipping",
    "Software",
    "Systems",
    "Textiles",
)

TAGS = (
    ("urgent", "#d92d20"),
    ("billing", "#7a5af8"),
    ("waiting on client", "#f79009"),
    ("waiting on court", "#b54708"),
    ("research", "#2e90fa"),
    ("drafting", "#0ba5ec"),
    ("review", "#6172f3"),
    ("signature", "#15b79e"),
    ("filing", "#099250"),
    ("confidential", "#344054"),
    ("privileged", "#475467"),
    ("regulator", "#c11574"),
    ("due diligence", "#1570ef"),
    ("negotiation", "#dd2590"),
    ("translation", "#4e5ba6"),
    ("template", "#667085"),
    ("follow-up", "#ca8504"),
    ("hearing", "#e31b54"),
    ("expert", "#5925dc"),
    ("tax", "#3b7c0f"),
    ("employment", "#e04f16"),
    ("data protection", "#0e9384"),
    ("board", "#293056"),
    ("closing", "#087443"),
    ("conflict check", "#93370d"),
    ("onboarding", "#107569"),
)


@dataclass(frozen=True)
class Practice:
    """A kind of matter: what it is called, what is done on it, and what is filed."""

    code: str
    titles: Sequence[str]
    description: str
    tasks: Sequence[str]
    documents: Sequence[tuple[str, str]]


PRACTICES = (
    Practice(
        "MA",
        (
            "Acquisition of {company}",
            "Sale of the {trade} division",
            "Merger with {company}",
            "Joint venture in {region}",
        ),
        "Buy-side advice on the transaction, from the first due diligence request to completion and the post-closing "
        "adjustments.",
        (
            "Run the due diligence on material contracts",
            "Draft the share purchase agreement",
            "Negotiate the warranties with {counterparty}",
            "Prepare the disclosure letter",
            "Clear the transaction with the merger authority",
            "Agree the completion accounts mechanism",
            "Collect the closing deliverables",
        ),
        (
            ("Share purchase agreement", "contract"),
            ("Due diligence report", "report"),
            ("Disclosure letter", "correspondence"),
            ("Completion checklist", "spreadsheet"),
            ("Term sheet", "contract"),
        ),
    ),
    Practice(
        "LT",
        (
            "{company} v. {surname}",
            "Claim against {company}",
            "Defence of the {region} proceedings",
            "Arbitration with {company}",
        ),
        "Representation in the dispute, including the statement of case, disclosure, witness evidence and settlement "
        "talks.",
        (
            "Draft the statement of case",
            "Review the disclosure from {counterparty}",
            "Take the witness statement of {surname}",
            "Instruct the quantum expert",
            "Prepare the hearing bundle",
            "Evaluate the settlement offer",
            "File the costs budget with the court",
        ),
        (
            ("Statement of case", "filing"),
            ("Witness statement", "evidence"),
            ("Expert report on quantum", "report"),
            ("Hearing bundle index", "filing"),
            ("Settlement proposal", "correspondence"),
        ),
    ),
    Practice(
        "RE",
        (
            "Lease of the {region} premises",
            "Development of {street}",
            "Sale and leaseback of {street}",
            "Portfolio refinancing in {region}",
        ),
        "Property work for the site: title investigation, lease terms, planning conditions and the landlord's "
        "consents.",
        (
            "Investigate the title of {street}",
            "Negotiate the rent review clause",
            "Obtain the landlord's consent to alterations",
            "Check the planning conditions",
            "Order the environmental searches",
            "Agree the schedule of condition",
            "Register the lease",
        ),
        (
            ("Lease agreement", "contract"),
            ("Report on title", "report"),
            ("Schedule of condition", "evidence"),
            ("Planning permission", "filing"),
            ("Rent model", "spreadsheet"),
        ),
    ),
    Practice(
        "EM",
        (
            "Reorganization of the {trade} team",
            "Dismissal claim of {surname}",
            "Works council agreement in {region}",
            "Executive contract for {surname}",
        ),
        "Employment advice to the board and human resources, with the consultation, the contracts and the talks with "
        "representatives.",
        (
            "Draft the consultation letter",
            "Review the contract of {surname}",
            "Calculate the severance payments",
            "Prepare the talks with the works council",
            "Update the bonus scheme rules",
            "Interview the line manager",
            "Answer the grievance of {surname}",
        ),
        (
            ("Settlement agreement", "contract"),
            ("Consultation letter", "correspondence"),
            ("Severance calculation", "spreadsheet"),
            ("Works council agreement", "contract"),
            ("Interview notes", "memo"),
        ),
    ),
    Practice(
        "IP",
        (
            "Trademark portfolio of {company}",
            "Patent licence with {company}",
            "Infringement in {region}",
            "Rebranding of the {trade} line",
        ),
        "Protection and use of the client's rights: searches, filings, oppositions and the licences that pay for them.",
        (
            "Run the trademark search in {region}",
            "File the opposition against {counterparty}",
            "Draft the licence agreement",
            "Answer the examiner's objection",
            "Map the software's open-source licences",
            "Send the cease-and-desist letter",
            "Renew the expiring registrations",
        ),
        (
            ("Licence agreement", "contract"),
            ("Trademark search report", "report"),
            ("Cease-and-desist letter", "correspondence"),
            ("Portfolio overview", "spreadsheet"),
            ("Opposition brief", "filing"),
        ),
    ),
    Practice(
        "DP",
        (
            "Data protection audit of {company}",
            "Breach response in {region}",
            "Cloud migration of {company}",
            "Records programme for the {trade} team",
        ),
        "Review of how personal data flows through the business, the gaps found, and the programme that closes them.",
        (
            "Map the data flows of the {trade} team",
            "Draft the processing agreement with {counterparty}",
            "Assess the transfer to {region}",
            "Notify the supervisory authority",
            "Update the privacy notice",
            "Train the {trade} team",
            "Review the retention schedule",
        ),
        (
            ("Data processing agreement", "contract"),
            ("Transfer impact assessment", "report"),
            ("Record of processing", "spreadsheet"),
            ("Privacy notice", "memo"),
            ("Breach notification", "filing"),
        ),
    ),
    Practice(
        "FI",
        (
            "Term loan for {company}",
            "Bond issue of {company}",
            "Refinancing of the {region} portfolio",
            "Security review for {company}",
        ),
        "Advice to the borrower on the facility, the security package and the conditions that precede the first "
        "drawing.",
        (
            "Mark up the facility agreement",
            "Collect the conditions precedent",
            "Negotiate the financial covenants with {counterparty}",
            "Draft the legal opinion",
            "Register the security in {region}",
            "Check the hedging documents",
            "Prepare the board approval",
        ),
        (
            ("Facility agreement", "contract"),
            ("Legal opinion", "report"),
            ("Covenant model", "spreadsheet"),
            ("Security agreement", "contract"),
            ("Conditions precedent list", "spreadsheet"),
        ),
    ),
    Practice(
        "CO",
        (
            "Market entry in {region}",
            "Operating model for {company}",
            "Cost programme of the {trade} division",
            "Selection of a {trade} platform",
        ),
        "Consulting engagement with a diagnostic, a target picture agreed with the board, and a roadmap that the "
        "client's people can run.",
        (
            "Interview the heads of the {trade} division",
            "Build the business case",
            "Benchmark against {counterparty}",
            "Run the workshop in {region}",
            "Score the vendor proposals",
            "Draft the steering committee paper",
            "Hand the roadmap over to the client",
        ),
        (
            ("Business case", "spreadsheet"),
            ("Steering committee deck", "presentation"),
            ("Interview summary", "memo"),
            ("Vendor scorecard", "spreadsheet"),
            ("Roadmap", "presentation"),
        ),
    ),
)

FIRST_TASKS = (
    "Run the conflict check",
    "Send the engagement letter",
    "Set up the data room",
    "Agree the budget and the phases",
    "Schedule the kick-off call",
    "Collect the identification documents",
    "Summarize the facts for the file",
    "Research the law in {region}",
)
TASKS = (
    "Prepare the call with {surname}",
    "Write the status report for the client",
    "Translate the annexes",
    "Review the draft of {counterparty}",
    "Proofread before it goes out",
    "Get the signatures",
    "Chase the missing documents from {counterparty}",
    "Update the risk register",
    "Check the insurance cover",
    "Brief local counsel in {region}",
    "Record the key dates",
    "Prepare the invoice narrative",
    "Answer the question about {topic}",
    "Draft the note on {topic}",
    "Archive the superseded versions",
    "Plan the closing meeting",
)

DOCUMENTS = (
    ("Engagement letter", "contract"),
    ("Chronology", "memo"),
    ("Budget", "spreadsheet"),
    ("Note on {topic}", "memo"),
    ("Minutes of the kick-off call", "memo"),
    ("Letter to {counterparty}", "correspondence"),
    ("Status report", "report"),
    ("Research memo: {region}", "memo"),
    ("Board resolution", "filing"),
    ("Power of attorney", "contract"),
    ("Confidentiality agreement", "contract"),
    ("Risk register", "spreadsheet"),
    ("Presentation to the board", "presentation"),
)

EVENTS = (
    "Kick-off call",
    "Status call with the client",
    "Hearing",
    "Negotiation with {counterparty}",
    "Interview of {surname}",
    "Steering committee",
    "Document review session",
    "Signing",
    "Site visit in {region}",
    "Workshop on {topic}",
    "Filing deadline",
    "Call with local counsel",
)
LOCATIONS = (
    "Video call",
    "Video call",
    "Meeting room Aldwych",
    "Meeting room Bishopsgate",
    "Library",
    "Client's offices",
    "{street}",
    "Commercial Court, court 12",
    "Arbitration centre",
)

COMMENTS = (
    "{opening} {finding}",
    "{finding} {next_step}",
    "{opening} {finding} {next_step}",
    "{finding} {finding}\n\n{next_step} {thanks}",
    "{opening} {question}",
    "{finding} {question}",
    "{question}",
    "{done} {next_step}",
    "{done} {opening} {finding}",
    "{done} {thanks}",
)

PHRASES: Mapping[str, Sequence[str]] = {
    "opening": (
        "Spoke to {surname} this morning.",
        "I went through the file again.",
        "Back from the call with {counterparty}.",
        "Quick update before the weekend.",
        "As discussed in the team meeting:",
        "New version is in the documents.",
        "Two points from my side.",
        "Following up on this.",
        "{surname} replied faster than expected.",
        "I had a look at {clause}.",
    ),
    "finding": (
        "The main open point is {topic}.",
        "{counterparty_capital} will not move on {topic}.",
        "There is a gap in {clause} that nobody has noticed so far.",
        "The numbers on {topic} do not match the annex.",
        "We are fine on {topic}, less so on {topic}.",
        "The position in {region} differs from what the memo says.",
        "{clause_capital} still refers to the old definition.",
        "They accepted our wording of {clause}, with one small change.",
        "The budget covers this up to the second round, not beyond.",
        "Our deadline is earlier than the calendar shows: the notice period counts working days.",
        "The client prefers the shorter version and would rather leave out {topic}.",
        "Nothing in the data room supports what they say about {topic}.",
    ),
    "next_step": (
        "I will send a mark-up by {day}.",
        "Can somebody from the {trade} side confirm by {day}?",
        "Let us settle it on the next call.",
        "I suggest that we wait for {counterparty} first.",
        "I have put it on the agenda for {day}.",
        "Please hold the draft until then.",
        "Next is the note on {topic}.",
        "{surname} takes it from here.",
        "I will book the time under research.",
        "We should tell the client before {day}.",
    ),
    "question": (
        "Who has the signed copy of the annex?",
        "Do we need local advice in {region} for this?",
        "Is {clause} meant to survive termination?",
        "Has anybody checked {topic} with {surname}?",
        "Should this go to the client as it is, or with a cover note?",
        "Are we sure that {counterparty} got the last version?",
        "Could you add the reference to {clause}?",
        "Does the estimate include {topic}?",
    ),
    "done": (
        "Done, filed under correspondence.",
        "Signed and returned.",
        "Reviewed; comments are in the margin.",
        "Sent to {counterparty} with a copy to the client.",
        "Numbers checked against the ledger.",
        "Cleaned up {clause} and the cross-references.",
        "Approved by the client on the phone, written confirmation follows.",
        "Uploaded the final version.",
    ),
    "thanks": ("Thanks, all.", "Thank you both.", "Good work.", "Shout if you disagree.", "Happy to explain."),
    "topic": (
        "the indemnity cap",
        "change of control",
        "the notice period",
        "limitation of liability",
        "tax leakage",
        "the data transfer",
        "third-party consents",
        "the earn-out",
        "pension liabilities",
        "the governing law",
        "the service levels",
        "interim covenants",
        "non-compete obligations",
        "insurance cover",
        "the transition services",
        "the escrow",
        "currency risk",
        "the audit right",
    ),
    "clause": (
        "clause 4.2",
        "clause 7",
        "clause 11.3(b)",
        "schedule 2",
        "schedule 5, part B",
        "the definitions",
        "the recitals",
        "annex C",
        "section 12",
        "the boilerplate",
    ),
    "clause_capital": ("Clause 3.1", "Clause 9", "Schedule 4", "Annex A", "Section 8", "The side letter"),
    "counterparty": (
        "the other side",
        "the seller",
        "the landlord",
        "the bank",
        "opposing counsel",
        "the supplier",
        "the insurer",
        "the regulator",
        "the auditors",
        "the agent",
    ),
    "counterparty_capital": ("The other side", "The buyer", "Their counsel", "The bank", "The authority"),
    "region": (
        "Austria",
        "Belgium",
        "Brazil",
        "Denmark",
        "France",
        "Germany",
        "Ireland",
        "Italy",
        "Japan",
        "Kenya",
        "Mexico",
        "Poland",
        "Portugal",
        "Scotland",
        "Singapore",
        "Spain",
        "Sweden",
        "the Netherlands",
        "the Nordics",
        "Türkiye",
    ),
    "street": (
        "12 Quay Street",
        "48 Fleet Lane",
        "Canal Wharf",
        "Mill Yard",
        "7 Station Square",
        "Harbour House",
        "Lindenstraße 21",
        "Rue de la Loi 9",
        "The Old Exchange",
        "31 Castle Road",
    ),
    "trade": (
        "finance",
        "logistics",
        "marketing",
        "payments",
        "procurement",
        "retail",
        "sales",
        "software",
        "support",
        "wholesale",
    ),
    "day": ("Monday", "Tuesday", "Wednesday noon", "Thursday", "Friday", "the end of the week", "tomorrow evening"),
    "surname": LAST_NAMES,
    "company": tuple(
        f"{name} {CLIENT_ENDINGS[index * 7 % len(CLIENT_ENDINGS)]}" for index, name in enumerate(CLIENT_NAMES)
    ),
}

TIME_NOTES = (
    "Reviewed {clause} and {topic}",
    "Call with {counterparty} about {topic}",
    "Drafted the note on {topic}",
    "Researched the law in {region}",
    "Correspondence with {surname}",
    "Internal meeting, preparation included",
    "Mark-up of {clause}",
    "Proofread and finalized the annexes",
    "Prepared the call with the client",
    "Filed and indexed the documents",
    "Travel to {region}",
    "Negotiated {topic} with {counterparty}",
)

NOTIFICATIONS = (
    ("mention", "{person} mentioned you: “{question}”"),
    ("comment", "{person} commented on a task that you follow"),
    ("assignment", "{person} assigned you a task: {task}"),
    ("due", "A task of yours is due soon: {task}"),
    ("document", "{person} added a new version of “{document}”"),
    ("invoice", "An invoice was paid"),
    ("event", "{person} moved a meeting: {event}"),
)
GENERAL_NOTIFICATIONS = (
    ("summary", "Your weekly summary is ready"),
    ("summary", "You have time of last week that is not logged yet"),
    ("account", "Your profile was changed by an administrator"),
)


class Writer:
    """Writes phrases: `below(n)` decides, giving an integer from 0 up to but not including `n`."""

    def __init__(self, below: Callable[[int], int]) -> None:
        self._below = below
        self._fixed: Mapping[str, str] = {}

    def write(self, phrase: str, **fixed: str) -> str:
        """`phrase` with its slots filled, those in `fixed` with the given words."""
        if "{" not in phrase:
            return phrase
        self._fixed = fixed
        return phrase.format_map(self)

    def __getitem__(self, slot: str) -> str:
        if slot in self._fixed:
            return self._fixed[slot]
        choices = PHRASES[slot]
        phrase = choices[self._below(len(choices))]
        return phrase.format_map(self) if "{" in phrase else phrase
