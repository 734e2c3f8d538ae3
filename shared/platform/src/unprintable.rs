//! A type that holds personal data or a secret cannot print itself: a `{:?}` in a log line says its name.

/// `Debug` for a type that must not be seen into.
macro_rules! unprintable {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

pub(crate) use unprintable;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use crate::courier::Letter;
    use crate::event::Confirmation;
    use crate::store::{Beside, FieldEdits};

    #[test]
    fn what_names_somebody_does_not_print_it() {
        let field = ("email".parse().unwrap(), Some(json!("Ada")));
        let edits = FieldEdits::Write("contact".parse().unwrap(), BTreeMap::from([field]));
        let (id, body) = ("1".to_owned(), "Ada".to_owned());
        let confirmation = Confirmation {
            link: "Ada".to_owned(),
            contact: json!("Ada"),
        };
        let printed = [
            format!("{edits:?}"),
            format!("{:?}", Beside::Profile(vec![edits.clone()])),
            format!("{:?}", Beside::Evidence("Ada".to_owned())),
            format!("{:?}", Letter { id, body }),
            format!("{confirmation:?}"),
        ];
        assert_eq!(
            printed,
            [
                "FieldEdits(…)",
                "Beside(…)",
                "Beside(…)",
                "Letter(…)",
                "Confirmation(…)"
            ]
        );
    }
}
