//! What the parts of a document say about each other: nothing is named that is not defined, and nothing
//! is defined that can never take effect.

use std::collections::BTreeSet;

use domain::facet::Facet;
use domain::recipient::RecipientKind;
use jiff::Span;
use jiff::civil::date;

use crate::document::{Cells, Keyed, Origin, Text};
use crate::reader::Reader;

impl Reader<'_> {
    pub(crate) fn check(&mut self) {
        self.purposes_can_be_granted();
        self.separate_consents_are_separate();
        self.categories_are_of_use();
        self.relations_make_sense();
        self.audiences_can_exist();
        self.controls_grant_what_is_defined();
        self.sources_can_be_named();
        self.reminder_comes_before_the_end();
    }

    /// Whether the notice offers a facet, judged by the document alone.
    pub(crate) fn offers(&self, facet: &Facet) -> bool {
        match facet {
            Facet::Contact(purpose, channel) => {
                has(&self.document.purposes, purpose.as_str())
                    && has(&self.document.channels, channel.as_str())
            }
            Facet::Profiling => true,
            Facet::Sharing(kind) => *kind != RecipientKind::Processor,
            Facet::Separate(name) => has(&self.document.separate, name.as_str()),
        }
    }

    fn purposes_can_be_granted(&mut self) {
        let document = self.document;
        for purpose in document.purposes.keys() {
            let code = purpose.get_ref();
            let granted = document.controls.values().any(|control| {
                let over_any_channel = control.purposes.contains(purpose) && !document.channels.is_empty();
                let prefix = format!("{code}/");
                over_any_channel
                    || control
                        .facets
                        .iter()
                        .any(|facet| facet.get_ref().starts_with(&prefix))
            });
            // Such a purpose's facets would read as facets of another kind.
            if ["sharing", "separate"].contains(&code.as_str()) {
                self.refuse(purpose.span(), format!("a purpose cannot be called `{code}`"));
            }
            if !granted {
                self.refuse(
                    purpose.span(),
                    format!("no control grants `{code}` over any channel"),
                );
            }
        }
    }

    /// S41: a control for a separate consent sets nothing else, and each of them has one.
    fn separate_consents_are_separate(&mut self) {
        let document = self.document;
        let separate = |facet: &Text| facet.get_ref().starts_with("separate/");
        for (code, control) in &document.controls {
            let mixed = control.facets.len() > 1 || !control.purposes.is_empty();
            if mixed && control.facets.iter().any(separate) {
                let sentence = format!(
                    "`{}` grants a separate consent together with something else (S41)",
                    code.get_ref()
                );
                self.refuse(code.span(), sentence);
            }
        }
        let granted: BTreeSet<&str> = document
            .controls
            .values()
            .flat_map(|control| &control.facets)
            .map(|facet| facet.get_ref().as_str())
            .collect();
        for name in document.separate.keys() {
            if !granted.contains(format!("separate/{}", name.get_ref()).as_str()) {
                self.refuse(
                    name.span(),
                    format!("no control grants the separate consent `{}`", name.get_ref()),
                );
            }
        }
    }

    fn categories_are_of_use(&mut self) {
        let document = self.document;
        let audiences = &document.audiences;
        let columns = [&audiences.profile, &audiences.group_company, &audiences.processor]
            .into_iter()
            .flatten();
        let columns: Vec<&Cells> = columns
            .map(|cells| cells.get_ref())
            .chain(audiences.relation.values())
            .collect();

        for (code, category) in &document.categories {
            if !columns.iter().any(|cells| cells.contains_key(code)) {
                self.refuse(code.span(), format!("no audience may have `{}`", code.get_ref()));
            }
            if matches!(category.origin, Origin::Profile) && category.fields.is_empty() {
                self.refuse(
                    code.span(),
                    format!("`{}` lies in the profile but has no fields", code.get_ref()),
                );
            }
        }
    }

    fn relations_make_sense(&mut self) {
        let document = self.document;
        for (code, relation) in &document.relations {
            for other in &relation.only_without {
                if !document.relations.contains_key(other) {
                    self.refuse(
                        other.span(),
                        format!("there is no relation `{}`", other.get_ref()),
                    );
                } else if other == code {
                    let sentence = format!("`{}` excludes itself and so never entitles", code.get_ref());
                    self.refuse(other.span(), sentence);
                }
            }
        }
    }

    fn audiences_can_exist(&mut self) {
        let audiences = &self.document.audiences;
        let fixed = [
            (&audiences.profile, true),
            (&audiences.group_company, self.stands(RecipientKind::GroupCompany)),
            (&audiences.processor, self.stands(RecipientKind::Processor)),
        ];
        for (cells, exists) in fixed {
            let Some(cells) = cells else { continue };
            if !exists {
                self.refuse(cells.span(), "no standing recipient belongs to this audience");
            }
            self.cells_name_what_is_defined(cells.get_ref(), false);
        }

        for (kind, cells) in &audiences.relation {
            let relation = self.document.relations.get(kind);
            if relation.is_none() {
                self.refuse(kind.span(), format!("there is no relation `{}`", kind.get_ref()));
            }
            self.cells_name_what_is_defined(cells, relation.is_none_or(|relation| relation.delivery));
        }
    }

    fn cells_name_what_is_defined(&mut self, cells: &Cells, has_delivery: bool) {
        let document = self.document;
        for (category, cell) in cells {
            if !document.categories.contains_key(category) {
                self.refuse(
                    category.span(),
                    format!("there is no category `{}`", category.get_ref()),
                );
            }
            if let Some(name) = cell
                .separate
                .as_ref()
                .filter(|name| !document.separate.contains_key(*name))
            {
                self.refuse(
                    name.span(),
                    format!("there is no separate consent `{}`", name.get_ref()),
                );
            }
            if let Some(channel) = cell
                .channel
                .as_ref()
                .filter(|channel| !document.channels.contains_key(*channel))
            {
                self.refuse(
                    channel.span(),
                    format!("there is no channel `{}`", channel.get_ref()),
                );
            }
            if let Some(period) = cell.since_delivery.as_ref().filter(|_| !has_delivery) {
                self.refuse(period.span(), "this audience has no delivery to count from");
            }
        }
    }

    fn controls_grant_what_is_defined(&mut self) {
        let document = self.document;
        for (code, control) in &document.controls {
            if control.purposes.is_empty() && control.facets.is_empty() {
                self.refuse(code.span(), format!("`{}` grants nothing", code.get_ref()));
            }
            for purpose in control
                .purposes
                .iter()
                .filter(|purpose| !document.purposes.contains_key(*purpose))
            {
                self.refuse(
                    purpose.span(),
                    format!("there is no purpose `{}`", purpose.get_ref()),
                );
            }
        }
    }

    /// S35: who tells of data names sources that there are, and each source has somebody who may name it.
    fn sources_can_be_named(&mut self) {
        let document = self.document;
        for (teller, sources) in &document.named_by {
            let code = teller.get_ref();
            if sources.is_empty() {
                self.refuse(
                    teller.span(),
                    format!("`{code}` may name no source: leave it out"),
                );
            }
            if code == RecipientKind::GroupCompany.as_str() && !self.stands(RecipientKind::GroupCompany)
                || code == RecipientKind::Processor.as_str() && !self.stands(RecipientKind::Processor)
            {
                self.refuse(teller.span(), format!("no standing recipient is a `{code}`"));
            }
            for source in sources
                .iter()
                .filter(|source| !document.sources.contains_key(*source))
            {
                self.refuse(
                    source.span(),
                    format!("there is no source `{}`", source.get_ref()),
                );
            }
        }
        for source in document.sources.keys() {
            if !document.named_by.values().any(|sources| sources.contains(source)) {
                self.refuse(source.span(), format!("nobody may name `{}`", source.get_ref()));
            }
        }
    }

    /// Whether the notice names a recipient of this kind.
    fn stands(&self, kind: RecipientKind) -> bool {
        let mut standing = self.document.standing.values();
        standing.any(|standing| standing.kind.get_ref() == kind.as_str())
    }

    fn reminder_comes_before_the_end(&mut self) {
        let terms = self.document.terms.get_ref();
        let end = |text: &Text| {
            let span: Span = text.get_ref().parse().ok()?;
            date(2024, 1, 1).checked_add(span).ok()
        };
        let (Some(validity), reminder) = (terms.validity.as_ref().and_then(end), end(&terms.reminder)) else {
            return;
        };
        if reminder.is_some_and(|reminder| reminder >= validity) {
            self.refuse(
                terms.reminder.span(),
                "the reminder would be due before the consent is given",
            );
        }
    }
}

fn has<V>(table: &Keyed<V>, code: &str) -> bool {
    table.keys().any(|key| key.get_ref() == code)
}
