//! The pages' own words: one file a language, each of which must have them all to compile. What a notice
//! says stands in its policy document. `{}` is filled in, in this order.

mod de;
mod en;
mod it;

pub(crate) const ALL: [&Words; 3] = [&it::WORDS, &en::WORDS, &de::WORDS];

pub(crate) struct Words {
    pub(crate) language: &'static str,
    /// The language's own name of itself.
    pub(crate) name: &'static str,
    pub(crate) months: [&'static str; 12],
    /// Day, month, year.
    pub(crate) date: &'static str,

    pub(crate) skip: &'static str,
    pub(crate) languages: &'static str,
    pub(crate) language_lacking: &'static str,
    pub(crate) no_cookies: &'static str,

    pub(crate) read_all: &'static str,
    pub(crate) data_list: &'static str,
    pub(crate) cookie_policy: &'static str,
    pub(crate) your_choice: &'static str,
    pub(crate) nothing_ticked: &'static str,
    pub(crate) separate: &'static str,
    pub(crate) separate_hint: &'static str,
    pub(crate) sharing: &'static str,
    pub(crate) includes: &'static str,
    pub(crate) channels: &'static str,
    pub(crate) channels_hint: &'static str,
    pub(crate) gpc_separable: &'static str,
    pub(crate) gpc_bundled: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) contact_hint: &'static str,
    pub(crate) email: &'static str,
    pub(crate) name_label: &'static str,
    pub(crate) optional: &'static str,
    pub(crate) send: &'static str,
    pub(crate) how_to_withdraw: &'static str,
    pub(crate) please_correct: &'static str,
    pub(crate) bad_email: &'static str,
    pub(crate) bad_name: &'static str,
    pub(crate) nothing_granted: &'static str,

    pub(crate) noted: &'static str,
    pub(crate) noted_what: &'static str,
    pub(crate) noted_pending: &'static str,
    pub(crate) to_your_choices: &'static str,

    pub(crate) confirm_title: &'static str,
    pub(crate) confirm_what: &'static str,
    pub(crate) confirm_hint: &'static str,
    pub(crate) confirm: &'static str,
    pub(crate) confirmed: &'static str,
    pub(crate) confirmed_what: &'static str,

    pub(crate) choices: &'static str,
    pub(crate) choices_lead: &'static str,
    pub(crate) as_of: &'static str,
    pub(crate) allowed: &'static str,
    pub(crate) nothing_allowed: &'static str,
    pub(crate) since_until: &'static str,
    pub(crate) under: &'static str,
    pub(crate) version: &'static str,
    pub(crate) pending: &'static str,
    pub(crate) not_allowed: &'static str,
    pub(crate) withdraw: &'static str,
    pub(crate) withdraw_all: &'static str,
    pub(crate) withdraw_all_hint: &'static str,
    pub(crate) stop_channel: &'static str,
    pub(crate) stop_channel_hint: &'static str,
    pub(crate) profiling: &'static str,
    pub(crate) sharing_group: &'static str,
    pub(crate) sharing_dealer: &'static str,
    pub(crate) more_about_you: &'static str,
    pub(crate) withdrawn_now: &'static str,
    pub(crate) granted_now: &'static str,
    pub(crate) pending_now: &'static str,

    pub(crate) holders: &'static str,
    pub(crate) holders_lead: &'static str,
    pub(crate) nobody_holds: &'static str,
    pub(crate) group_company: &'static str,
    pub(crate) processor: &'static str,
    pub(crate) dealer: &'static str,
    pub(crate) why_group_company: &'static str,
    pub(crate) why_processor: &'static str,
    pub(crate) why_dealer: &'static str,
    pub(crate) why_nothing: &'static str,
    pub(crate) may_hold: &'static str,
    pub(crate) holds_nothing: &'static str,
    pub(crate) up_to_date: &'static str,
    pub(crate) being_told: &'static str,
    pub(crate) stop_unconfirmed: &'static str,
    pub(crate) stop_overdue: &'static str,
    pub(crate) unreachable: &'static str,

    pub(crate) allow_more: &'static str,
    pub(crate) allow_more_hint: &'static str,
    pub(crate) allow: &'static str,
    pub(crate) notices: &'static str,

    pub(crate) history: &'static str,
    pub(crate) everything: &'static str,
    pub(crate) granted: &'static str,
    pub(crate) granted_unproven: &'static str,
    pub(crate) did_confirm: &'static str,
    pub(crate) confirmation_lapsed: &'static str,
    pub(crate) did_withdraw: &'static str,
    pub(crate) objected: &'static str,
    pub(crate) erased: &'static str,
    pub(crate) lapsed: &'static str,
    pub(crate) register_enrolled: &'static str,
    pub(crate) register_checked: &'static str,
    pub(crate) register_outdated: &'static str,
    pub(crate) reminded: &'static str,
    pub(crate) relation_started: &'static str,
    pub(crate) relation_ended: &'static str,
    pub(crate) delivery_period_ended: &'static str,
    pub(crate) relation_capped: &'static str,
    pub(crate) profile_written: &'static str,
    pub(crate) profile_cleared: &'static str,
    pub(crate) retention_ended: &'static str,
    pub(crate) told_by: &'static str,

    pub(crate) unsubscribe: &'static str,
    pub(crate) unsubscribe_what: &'static str,
    pub(crate) unsubscribe_hint: &'static str,
    pub(crate) unsubscribe_button: &'static str,
    pub(crate) unsubscribed: &'static str,
    pub(crate) unsubscribed_what: &'static str,

    pub(crate) bad_link: &'static str,
    pub(crate) bad_link_text: &'static str,
    pub(crate) link_ended: &'static str,
    pub(crate) link_ended_text: &'static str,
    pub(crate) still_withdraw: &'static str,
    pub(crate) nothing_to_confirm: &'static str,
    pub(crate) nothing_to_confirm_text: &'static str,
    pub(crate) foreign: &'static str,
    pub(crate) foreign_text: &'static str,
    pub(crate) no_address: &'static str,
    pub(crate) no_address_text: &'static str,
    pub(crate) stale: &'static str,
    pub(crate) stale_text: &'static str,
    pub(crate) no_such_notice: &'static str,
    pub(crate) no_such_notice_text: &'static str,
    pub(crate) not_understood: &'static str,
    pub(crate) not_understood_text: &'static str,
    pub(crate) broken: &'static str,
    pub(crate) broken_text: &'static str,
}

/// A sentence with its gaps filled in, first to last.
pub(crate) fn fill(sentence: &str, gaps: &[&str]) -> String {
    let mut parts = sentence.split("{}");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (place, part) in parts.enumerate() {
        filled.push_str(gaps.get(place).copied().unwrap_or_default());
        filled.push_str(part);
    }
    filled
}
