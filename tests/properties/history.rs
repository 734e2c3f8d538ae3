//! Random histories of one data subject. Acts come about as the handlers make them: by a step of the
//! record, by a host whose clock may be off, and the record after it.

use std::collections::{BTreeMap, BTreeSet};

use domain::act::{Act, Evidence, Grade, Relation, Via};
use domain::grant::Given;
use domain::policy::{Origin, TellerKind};
use domain::profile::{Edit, Teller};
use domain::recipient::Recipient;
use domain::record::{Record, View, When};
use domain::subject::Subject;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::cast::CAST;
use crate::deeds::{Deed, Grant, Stated, Step, Update};

#[derive(Debug, Clone)]
pub(crate) struct History {
    /// What the time is, where the clocks are right.
    pub(crate) now: Timestamp,
    pub(crate) record: Record,
}

impl History {
    pub(crate) fn begun() -> Self {
        let subject: Subject = "sub_0123456789abcdefghijkl".parse().unwrap();
        Self {
            now: "2026-03-02T12:00:00Z".parse().unwrap(),
            record: Record::empty(subject),
        }
    }

    pub(crate) fn of(steps: &[Step]) -> Self {
        let mut history = Self::begun();
        for step in steps {
            history.play(step);
        }
        history
    }

    pub(crate) fn acts(&self) -> &[Act] {
        self.record.acts().unwrap()
    }

    /// Play a step; what it added, unless it was refused or said nothing new.
    pub(crate) fn play(&mut self, step: &Step) -> Option<Act> {
        self.now += step.wait;
        let act = self.judged(&step.deed, self.now + step.skew)?;
        self.record = self.record.clone().after(CAST.policies, &act);
        Some(act)
    }

    /// Every act that time has made due.
    pub(crate) fn fall_due(&mut self) -> Vec<Act> {
        let mut added = Vec::new();
        while let Some(act) = self.record.fall_due(CAST.policies, self.now).unwrap() {
            assert!(
                added.len() < 500,
                "what falls due never ends: {:?}",
                &added[490..]
            );
            self.record = self.record.clone().after(CAST.policies, &act);
            added.push(act);
        }
        added
    }

    fn judged(&self, deed: &Deed, now: Timestamp) -> Option<Act> {
        let (policies, record) = (CAST.policies, &self.record);
        match deed {
            Deed::Grant(grant) => {
                let given = self.given(grant, now);
                record.grant(policies, &given, now).ok()
            }
            Deed::Withdraw { what, stated } => {
                let stated = self.stated(stated, now);
                let act = record.withdraw(policies, what, stated, evidence(None), now);
                act.ok().flatten()
            }
            Deed::Object { stated } => {
                let act = record.object(self.stated(stated, now), evidence(None), now);
                act.ok().flatten()
            }
            Deed::Erase => record.erase(evidence(None), now).ok().flatten(),
            Deed::Relate(tie) => {
                let (dealer, relation) = tie.parties();
                let today = CAST.notices[0].day(now);
                let day = |days_ago: Option<i32>| -> Option<Date> { Some(today - days_ago?.days()) };
                // Only what is sold has a delivery.
                let delivered_days_ago = tie
                    .delivered_days_ago
                    .filter(|_| CAST.notices[0].relations[&tie.kind].delivery);
                let days = (day(tie.since_days_ago), day(delivered_days_ago));
                let act = record.relate(policies, Some(dealer), &relation, days, evidence(None), now);
                act.ok().flatten()
            }
            Deed::Part { which } => {
                let active: Vec<&Relation> = record.state().relations.keys().collect();
                let relation = (!active.is_empty()).then(|| which.get(&active))?;
                record.part(relation, evidence(None), now).ok().flatten()
            }
            Deed::Update(update) => self.updated(update, now),
            Deed::Confirm { which } => {
                let open: Vec<u32> = record.state().unconfirmed.keys().copied().collect();
                let grant = (!open.is_empty()).then(|| *which.get(&open))?;
                record.confirm(grant, now).ok().flatten()
            }
            Deed::CheckRegister {
                channel,
                enrolled,
                stated,
            } => {
                let told = (self.stated(stated, now), evidence(None));
                record
                    .check_register(policies, channel, *enrolled, told, now)
                    .ok()
            }
            Deed::FallDue => record.fall_due(policies, now).unwrap(),
        }
    }

    fn given(&self, grant: &Grant, now: Timestamp) -> Given {
        let policy = grant.notice.get(&CAST.notices);
        let controls: Vec<_> = policy.controls.keys().cloned().collect();
        Given {
            notice: policy.notice.clone(),
            version: policy.version,
            language: "it".parse().unwrap(),
            brand: "bmw".parse().unwrap(),
            via: Via::Form,
            grade: grant.grade,
            controls: grant
                .controls
                .iter()
                .map(|control| control.get(&controls).clone())
                .collect(),
            channels: grant.channels.clone(),
            facets: grant.facets.clone(),
            happened_at: self.stated(&grant.stated, now),
            to_be_confirmed: grant.to_be_confirmed,
        }
    }

    fn updated(&self, update: &Update, now: Timestamp) -> Option<Act> {
        let terms = &CAST.notices[0].categories[&update.category];
        if terms.origin != Origin::Profile {
            return None;
        }
        let edit = if update.clear {
            Edit::Clear
        } else {
            Edit::Write(terms.fields.clone())
        };
        let from = update.from.as_ref().map(|from| from.get(&CAST.recipients));
        let (teller, kind) = from.map_or((Teller::Service, TellerKind::Service), |from| {
            (Teller::Recipient(from), TellerKind::Recipient(from.kind))
        });
        let edits = BTreeMap::from([(update.category.clone(), edit)]);
        let source = CAST.notices[0].named_by.get(&kind)?.first()?;
        let act = self
            .record
            .update_profile(CAST.policies, &edits, (source, teller), evidence(from), now);
        act.ok().flatten()
    }

    fn stated(&self, stated: &Stated, now: Timestamp) -> Option<Timestamp> {
        match stated {
            Stated::Not => None,
            Stated::Ago(ago) => Some(now - *ago),
            Stated::With(which) => {
                let acts = self.acts();
                (!acts.is_empty()).then(|| which.get(acts).happened_at)
            }
        }
    }

    /// Instants worth asking about: around every act, and now.
    pub(crate) fn instants(&self) -> Vec<Timestamp> {
        let ms = SignedDuration::from_millis(1);
        let around = self
            .acts()
            .iter()
            .flat_map(|act| [act.happened_at - ms, act.happened_at, act.learnt_at]);
        let instants: BTreeSet<Timestamp> = around.chain([self.now]).collect();
        instants.into_iter().collect()
    }

    pub(crate) fn now(&self) -> View<'_> {
        self.record.now(CAST.policies, self.now)
    }

    pub(crate) fn at(&self, at: Timestamp, known_at: Timestamp) -> View<'_> {
        self.record
            .view(CAST.policies, When::At { at, known_at })
            .unwrap()
    }
}

pub(crate) fn evidence(from: Option<&Recipient>) -> Evidence {
    Evidence {
        via: Via::Staff,
        grade: Grade::C,
        brand: None,
        told_by: from.map(|recipient| recipient.id.clone()),
    }
}
