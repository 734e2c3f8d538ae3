//! Who and what there is in the histories, and the notices that they are played under.

use std::sync::LazyLock;

use domain::codes::{Category, Channel, Purpose, RelationId, RelationKind, Separate};
use domain::facet::Facet;
use domain::policy::{Policies, Policy};
use domain::recipient::{Access, Recipient, RecipientKind, Role};
use jiff::Timestamp;

/// Who and what there is, so that nothing is parsed ten thousand times.
pub(crate) struct Cast {
    pub(crate) policies: &'static Policies,
    pub(crate) notices: Vec<&'static Policy>,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) categories: Vec<Category>,
    pub(crate) separate: Vec<Separate>,
    pub(crate) kinds: Vec<RelationKind>,
    pub(crate) facets: Vec<Facet>,
    pub(crate) vehicles: Vec<RelationId>,
    /// The group company, the processors, and then the dealers.
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) dealers: Vec<Recipient>,
}

pub(crate) static CAST: LazyLock<Cast> = LazyLock::new(|| {
    let policies = notices();
    let notices: Vec<&Policy> = policies.iter().collect();
    let newest = notices[0];
    let dealers: Vec<Recipient> = ["dealer-1", "dealer-2"]
        .map(|id| recipient(id, RecipientKind::Dealer))
        .into();
    let standing = newest
        .standing
        .iter()
        .map(|(id, standing)| recipient(id.as_str(), standing.kind));
    Cast {
        policies,
        purposes: newest.purposes.keys().cloned().collect(),
        channels: newest.channels.keys().cloned().collect(),
        categories: newest.categories.keys().cloned().collect(),
        separate: newest.separate.keys().cloned().collect(),
        kinds: newest.relations.keys().cloned().collect(),
        facets: newest.facets().into_iter().collect(),
        vehicles: ["vehicle-1", "vehicle-2"].map(|id| id.parse().unwrap()).into(),
        recipients: standing.chain(dealers.iter().cloned()).collect(),
        dealers,
        notices,
    }
});

/// The shipped notices, and one that asks for all that they leave out: looks at the opposition register, a cap on
/// a relation, better proof.
fn notices() -> &'static Policies {
    let careful = tests::edited(&[
        ("\nversion = 1\n", "\nversion = 2\n"),
        (
            "[channels.phone]\n",
            "[channels.phone]\nregister_check_days = 15\n",
        ),
        ("[channels.post]\n", "[channels.post]\nregister_check_days = 90\n"),
        (
            "needed = \"C\"",
            "needed = \"C\"\nby_facet = { \"care/sms\" = \"A\" }",
        ),
        ("[relations.service]\n", "[relations.service]\ncap = \"P1Y\"\n"),
    ]);
    tests::alone(policies::all().iter().cloned().chain([careful]).collect())
}

fn recipient(id: &str, kind: RecipientKind) -> Recipient {
    let access = Access {
        since: Timestamp::MIN,
        authorised: true,
        sharing: true,
    };
    Recipient {
        id: id.parse().unwrap(),
        kind,
        role: Role::SeparateController,
        history: vec![access],
    }
}
