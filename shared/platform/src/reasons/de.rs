//! German.

use domain::decide::Because;

pub(super) fn sentence(because: Because) -> &'static str {
    match because {
        Because::Consented => "eine geltende Einwilligung umfasst diesen Zweck und diesen Weg",
        Because::Profiling => "eine geltende Einwilligung umfasst das persönliche Profil",
        Because::Sharing => "eine geltende Einwilligung umfasst die Weitergabe an Empfänger dieser Art",
        Because::OnTheList => "der Hinweis nennt diese Konzerngesellschaft",
        Because::Processor => "der Hinweis nennt diesen Auftragsverarbeiter",
        Because::Related => "eine bestehende Beziehung verbindet die betroffene Person mit diesem Partner",
        Because::DeliveredRecently => "der Partner hat innerhalb der Frist ein Fahrzeug ausgeliefert",
        Because::SeparateConsent => "die gesonderte Einwilligung, die diese Daten brauchen, gilt",
        Because::EmailConsent => "die Einwilligung umfasst E-Mail",
        Because::ListedForTheProfile => "der Hinweis führt diese Daten für das Profil auf",
        Because::ListedForTheGroup => "der Hinweis führt diese Daten für die Konzerngesellschaft auf",
        Because::ListedForProcessors => "ein Auftragsverarbeiter braucht diese Daten für den Versand",
        Because::ListedForTheRelation => "der Hinweis führt diese Daten für Partner mit dieser Beziehung auf",

        Because::UnknownPurpose => "kein Hinweis kennt diesen Zweck",
        Because::UnknownChannel => "kein Hinweis kennt diesen Weg",
        Because::NoConsent => "es gibt keine geltende Einwilligung",
        Because::ChannelNotSelected => "dieser Zweck und dieser Weg wurden nicht gewählt",
        Because::NoticeNotStored => "der gezeigte Hinweis ist nicht so gespeichert, wie er gezeigt wurde",
        Because::NotConfirmed => "die Einwilligung wartet auf einen besseren Nachweis",
        Because::Withdrawn => "die Einwilligung wurde widerrufen",
        Because::Objected => "die betroffene Person hat der Direktwerbung widersprochen",
        Because::Erased => "wozu die betroffene Person eingewilligt hatte, wurde gelöscht",
        Because::Lapsed => "die Einwilligung gilt nicht mehr",
        Because::RegisterNotChecked => "das Widerspruchsregister wurde nicht abgefragt",

        Because::UnknownRecipient => "es ist kein solcher Empfänger eingetragen",
        Because::NotAuthorised => "der Empfänger ist nicht autorisiert",
        Because::SharingSwitchedOff => "der Verantwortliche hat diese Weitergabe abgeschaltet",
        Because::NoSharing => "keine geltende Einwilligung umfasst die Weitergabe an Empfänger dieser Art",
        Because::NotOnTheList => "der Hinweis nennt diese Gesellschaft nicht",
        Because::NotAProcessor => "der Hinweis nennt diesen Auftragsverarbeiter nicht",
        Because::NoRelation => {
            "keine bestehende Beziehung verbindet die betroffene Person mit diesem Partner"
        }
        Because::AnotherPartner => "ein Partner am Ort ist nur berechtigt, solange es keinen anderen gibt",
        Because::RelationCapped => "die Beziehung wurde nicht rechtzeitig erneuert, um noch zu berechtigen",
        Because::NoProfiling => "keine geltende Einwilligung umfasst das persönliche Profil",

        Because::UnknownCategory => "der Hinweis kennt keine solchen Daten",
        Because::NotForTheProfile => "der Hinweis führt diese Daten nicht für das Profil auf",
        Because::NotForTheGroup => "der Hinweis führt diese Daten nicht für die Konzerngesellschaft auf",
        Because::NotForProcessors => "ein Auftragsverarbeiter braucht diese Daten nicht für den Versand",
        Because::NotForThisRelation => {
            "der Hinweis führt diese Daten nicht für Partner mit dieser Beziehung auf"
        }
        Because::NotForTheLocalPartner => "ein Partner am Ort erhält allein die Grundkategorien",
        Because::SharedWithNobody => {
            "der Hinweis gibt diese Daten an keinen Partner und keine Konzerngesellschaft weiter"
        }
        Because::NoDelivery => "unter dieser Beziehung ist keine Auslieferung vermerkt",
        Because::DeliveryTooLongAgo => "die Frist nach der Auslieferung ist vorbei",
        Because::NoSeparateConsent => "die gesonderte Einwilligung, die diese Daten brauchen, gilt nicht",
        Because::NoEmailConsent => "die Einwilligung umfasst E-Mail nicht",
    }
}
