//! From a document to a policy, section by section.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use domain::act::Grade;
use domain::codes::{Language, Purpose, RecipientId, RelationKind, Source};
use domain::dates::Supersedes;
use domain::facet::Facet;
use domain::policy::{
    Audience, BrandTerms, CategoryTerms, ChannelClass, ChannelTerms, Condition, ControlTerms, DataList,
    EvidenceTerms, Origin, Party, Policy, PurposeTerms, RelationTerms, Standing, TellerKind, Terms, Words,
};
use domain::recipient::{RecipientKind, Role};
use domain::small_map::SmallMap;
use jiff::Span;

use crate::document::{self, Cells, Document, Keyed, Text};
use crate::reader::Reader;
use crate::{Finding, data_list, hash};

/// The policy that a document states, or everything that is wrong with it, in the document's order.
pub fn load(name: &str, source: &str) -> Result<Policy, Vec<Finding>> {
    placed(name, source).map(|(policy, _)| policy)
}

/// The policy, and where the document states its version.
pub(crate) fn placed(name: &str, source: &str) -> Result<(Policy, Range<usize>), Vec<Finding>> {
    let document: Document = toml::from_str(source).map_err(|error| {
        let span = error.span().unwrap_or_default();
        vec![Finding::at(name, source, &span, error.message())]
    })?;
    let mut reader = Reader::new(name, source, &document);

    reader.check();
    let policy = reader.policy();

    match (policy, reader.into_findings()) {
        (Some(policy), findings) if findings.is_empty() => Ok((policy, document.version.span())),
        (Some(_) | None, findings) => Err(findings),
    }
}

impl Reader<'_> {
    fn policy(&mut self) -> Option<Policy> {
        let document = self.document;

        let mut policy = Policy {
            notice: self
                .code(&document.notice)
                .or_else(|| "unreadable".parse().ok())?,
            version: *document.version.get_ref(),
            language: self.language(&document.language)?,
            zone: self.zone(&document.zone),
            controller: self.controller(),
            purposes: self.coded(&document.purposes, |reader, _, purpose| PurposeTerms {
                title: reader.words(&purpose.title),
                // A message type is written as a purpose is, but it is no type of its own.
                message_types: reader
                    .codes(&purpose.message_types)
                    .iter()
                    .map(Purpose::to_string)
                    .collect(),
            }),
            channels: self.coded(&document.channels, |reader, _, channel| ChannelTerms {
                title: reader.words(&channel.title),
                class: match channel.class {
                    document::Class::Automated => ChannelClass::Automated,
                    document::Class::Traditional => ChannelClass::Traditional,
                },
                register_check_days: channel.register_check_days,
            }),
            separate: self.coded(&document.separate, |reader, _, words| reader.words(words)),
            categories: self.coded(&document.categories, Self::category),
            standing: self.standing(),
            relations: self.coded(&document.relations, |reader, _, relation| RelationTerms {
                title: reader.words(&relation.title),
                exclusive: relation.exclusive,
                only_without: reader.codes(&relation.only_without),
                delivery: relation.delivery,
                cap: relation.cap.as_ref().map(|cap| reader.period(cap)),
            }),
            audiences: self.audiences(),
            controls: self.coded(&document.controls, |reader, _, control| ControlTerms {
                title: reader.words(&control.title),
                purposes: reader.codes(&control.purposes),
                facets: control
                    .facets
                    .iter()
                    .filter_map(|facet| reader.facet(facet))
                    .collect(),
            }),
            evidence: EvidenceTerms {
                needed: self.grade(&document.evidence.needed),
                by_facet: self.grades(&document.evidence.by_facet),
            },
            terms: self.terms(),
            supersedes: self.supersedes(),
            brands: self.coded(&document.brands, |reader, _, brand| BrandTerms {
                name: brand.name.clone(),
                cookie_policy: reader.link(&brand.cookie_policy),
                sites: brand.sites.iter().map(|site| reader.site(site)).collect(),
            }),
            sources: self.coded(&document.sources, |reader, _, words| reader.words(words)),
            named_by: self.named_by(),
            data_list: DataList {
                url: self.link(&document.data_list.url),
                version: document.data_list.version.clone(),
                hash: String::new(),
            },
            texts: self.texts(),
        };

        policy.data_list.hash = hash(&[&data_list(&policy)]);
        Some(policy)
    }

    fn controller(&mut self) -> Party {
        let Some(controller) = &self.document.controller else {
            self.refuse(
                0..0,
                "the controller is missing: its name and address must be stated (S02)",
            );
            return Party {
                name: String::new(),
                address: String::new(),
            };
        };
        let party = controller.get_ref();
        self.party(controller.span(), "the controller", &party.name, &party.address)
    }

    fn category(&mut self, code: &Text, category: &document::Category) -> CategoryTerms {
        let retention = match &category.retention {
            Some(text) if text.get_ref().eq_ignore_ascii_case("until withdrawn") => {
                self.refuse(
                    text.span(),
                    "\"until withdrawn\" is no retention: data are kept for a period of their own (T4)",
                );
                Span::new()
            }
            Some(text) => self.period(text),
            None => {
                self.refuse(code.span(), format!("`{}` has no retention (T4)", code.get_ref()));
                Span::new()
            }
        };
        CategoryTerms {
            number: category.number.clone(),
            title: self.words(&category.title),
            origin: match category.origin {
                document::Origin::Profile => Origin::Profile,
                document::Origin::Record => Origin::Record,
                document::Origin::Tracking => Origin::Tracking,
            },
            fields: self.codes(&category.fields),
            retention,
        }
    }

    fn standing(&mut self) -> BTreeMap<RecipientId, Standing> {
        let standing: BTreeMap<_, Option<Standing>> =
            self.coded(&self.document.standing, |reader, code, standing| {
                let whose = format!("`{}`", code.get_ref());
                let kind: Option<RecipientKind> = reader.parsed(&standing.kind);
                if kind == Some(RecipientKind::Dealer) {
                    reader.refuse(
                        standing.kind.span(),
                        "a dealer is no standing recipient: a relation entitles it (S06)",
                    );
                }
                let role: Option<Role> = reader.parsed(&standing.role);
                let party = reader.party(code.span(), &whose, &standing.name, &standing.address);
                Some(Standing {
                    kind: kind?,
                    role: role?,
                    party,
                })
            });
        standing
            .into_iter()
            .filter_map(|(id, standing)| Some((id, standing?)))
            .collect()
    }

    fn audiences(&mut self) -> SmallMap<Audience, SmallMap<domain::codes::Category, Condition>> {
        let document = &self.document.audiences;
        let fixed = [
            (Audience::Profile, &document.profile),
            (Audience::GroupCompany, &document.group_company),
            (Audience::Processor, &document.processor),
        ];
        let mut audiences = SmallMap::default();
        for (audience, cells) in fixed {
            if let Some(cells) = cells {
                audiences.insert(audience, self.cells(cells.get_ref()));
            }
        }
        let relations: SmallMap<RelationKind, _> =
            self.coded(&document.relation, |reader, _, cells| reader.cells(cells));
        let relations = relations.into_iter();
        audiences.extend(relations.map(|(kind, cells)| (Audience::Relation(kind), cells)));
        audiences
    }

    fn cells(&mut self, cells: &Cells) -> SmallMap<domain::codes::Category, Condition> {
        self.coded(cells, |reader, _, cell| Condition {
            separate: cell.separate.as_ref().and_then(|text| reader.code(text)),
            channel: cell.channel.as_ref().and_then(|text| reader.code(text)),
            since_delivery: cell.since_delivery.as_ref().map(|text| reader.period(text)),
        })
    }

    fn named_by(&mut self) -> BTreeMap<TellerKind, BTreeSet<Source>> {
        let named_by = self.document.named_by.iter();
        named_by
            .filter_map(|(teller, sources)| {
                let sources = self.codes(sources);
                Some((self.parsed(teller)?, sources))
            })
            .collect()
    }

    fn grades(&mut self, by_facet: &Keyed<Text>) -> SmallMap<Facet, Grade> {
        by_facet
            .iter()
            .filter_map(|(facet, grade)| {
                let grade = self.grade(grade);
                Some((self.facet(facet)?, grade))
            })
            .collect()
    }

    fn terms(&mut self) -> Terms {
        let at = self.document.terms.span();
        let terms = self.document.terms.get_ref();

        let validity = match &terms.validity {
            Some(text) => self.period(text),
            None => {
                self.refuse(
                    at.clone(),
                    "the terms have no validity: how long a consent holds (T4)",
                );
                Span::new()
            }
        };
        let withdrawal_method = match &terms.withdrawal_method {
            Some(words) => self.words(words),
            None => {
                self.refuse(at.clone(), "the terms have no withdrawal method (T4, GDPR 7(3))");
                Words::new()
            }
        };
        if terms.rights.is_empty() {
            self.refuse(at, "the terms name no rights of the data subject (T4)");
        }
        Terms {
            validity,
            reminder: self.period(&terms.reminder),
            confirmation: self.period(&terms.confirmation),
            withdrawal_deadline: self.period(&terms.withdrawal_deadline),
            smallest_cell: terms.smallest_cell,
            withdrawal_method,
            rights: terms.rights.iter().map(|right| self.right(right)).collect(),
        }
    }

    /// What this version says about the consents to earlier ones.
    fn supersedes(&mut self) -> Option<Supersedes> {
        let supersedes = self.document.supersedes.as_ref()?;
        if supersedes.versions.is_empty() {
            self.refuse(supersedes.from.span(), "`supersedes` names no version");
        }
        for version in &supersedes.versions {
            if version.get_ref() >= self.document.version.get_ref() {
                let sentence = format!("version {} is not earlier than this one", version.get_ref());
                self.refuse(version.span(), sentence);
            }
        }
        Some(Supersedes {
            versions: supersedes
                .versions
                .iter()
                .map(|version| *version.get_ref())
                .collect(),
            from: self.day(&supersedes.from),
        })
    }

    fn texts(&mut self) -> SmallMap<Language, domain::policy::Text> {
        if self.document.texts.is_empty() {
            self.refuse(
                0..0,
                "the notice has no words in any language: `texts` needs at least one",
            );
        }
        let source = self.source;
        self.coded(&self.document.texts, |reader, language, text| {
            for (what, words) in [("title", &text.title), ("body", &text.body)] {
                if words.trim().is_empty() {
                    reader.refuse(
                        language.span(),
                        format!("the {what} in `{}` is empty", language.get_ref()),
                    );
                }
            }
            domain::policy::Text {
                title: text.title.clone(),
                body: text.body.trim().to_owned(),
                // Over the whole document, so that no word that is shown and no rule behind it can change
                // under a consent that pins it. The price: a comment, or a word in another language,
                // changes the hash as well, so a document under which a consent was given is frozen.
                hash: hash(&[language.get_ref(), "\n", source]).into(),
            }
        })
    }
}
