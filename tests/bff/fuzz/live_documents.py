"""Live operations over the odd models, each about one way to depend on rows. `$id` is a place's key, `$name` a label's."""

from __future__ import annotations

_PLACE = "query($id: UUID!) { place(id: $id) { %s } }"

ODD = [
    *(
        _PLACE % fields
        for fields in (
            "name rank mood words",
            "parent { name parent { rank } } mustParent { area }",
            "children { name } childCount",
            "children { name rank children { name } }",
            "childrenConnection(first: 2) { nodes { name } pageInfo { hasNextPage } totalCount }",
            "childrenConnection(last: 1, orderBy: [AREA_DESC]) { edges { node { height } } }",
            'childrenConnection(filter: {rank: {gt: 1}, name: {contains: "a"}}) { totalCount nodes { slug } }',
            "childArea children { childArea }",
            "labels { weight name } labelWeight",
            "labelsConnection(first: 1) { nodes { name } totalCount }",
            "labelsConnection(filter: {weight: {gte: 0}}) { totalCount nodes { name children { name } } }",
            "stays { note receipts { paid } receiptTotal } stayCount",
            "sent { text origin { name } target { name } }",
            "receivedConnection(first: 2) { nodes { sentAt text origin { rank } } totalCount }",
            "deed { number place { name } }",
            "vehicles { wheels ... on Car { doors } tripCount tripLength }",
            "cars { doors home { name } } vehicles { trips { length goal { name } } }",
            "vehicles { tripsConnection(first: 1) { nodes { length vehicle { wheels } } totalCount } }",
            "assets { title ... on Photo { width } ... on Note { body } place { name } }",
            "letterCount volume code allPeople",
            "around feeling shown",
            "beside",
            "heir { name }",
            "twins { name }",
            "shout mustShout report { title places { name } }",
        )
    ),
    "query($name: String!) { label(name: $name) { weight places { name parent { name } } } }",
    "query($name: String!) { label(name: $name) { children { rank } } }",
    "{ home { name children { name } } }",
    "{ places { name deed { number } } }",
    "{ ranked { rank } fewPlaces { name } }",
    "{ placesConnection(first: 3, orderBy: [RANK_DESC]) { nodes { name area } totalCount } }",
    'query($id: UUID!) { placesConnection(filter: {id: {eq: $id}}) { nodes { name size } totalCount } }',
    "{ lettersConnection(first: 4) { nodes { text target { name } } } }",
    "{ lettersConnection(last: 2, filter: {text: {isNull: false}}) { nodes { text } totalCount } }",
    "{ staysConnection(first: 3) { nodes { guest note } totalCount } }",
    "{ vehicles { wheels __typename } assets { title __typename } }",
    "{ found { __typename ... on Label { weight } ... on Letter { text } ... on Place { name } } }",
    "{ labels { name weight } }",
]  # fmt: skip
