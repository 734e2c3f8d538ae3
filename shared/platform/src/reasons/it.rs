//! Italian.

use domain::decide::Because;

pub(super) fn sentence(because: Because) -> &'static str {
    match because {
        Because::Consented => "un consenso attivo comprende questa finalità e questo canale",
        Because::Profiling => "un consenso attivo comprende il profilo individuale",
        Because::Sharing => "un consenso attivo comprende la condivisione con destinatari di questo tipo",
        Because::OnTheList => "l'informativa nomina questa società del gruppo",
        Because::Processor => "l'informativa nomina questo responsabile del trattamento",
        Because::Related => "un rapporto in corso lega l'interessato a questo partner",
        Because::DeliveredRecently => "il partner ha consegnato un veicolo entro il periodo previsto",
        Because::SeparateConsent => "il consenso separato che questi dati richiedono è attivo",
        Because::EmailConsent => "il canale e-mail è compreso nel consenso",
        Because::ListedForTheProfile => "l'informativa elenca questi dati per il profilo",
        Because::ListedForTheGroup => "l'informativa elenca questi dati per la società del gruppo",
        Because::ListedForProcessors => {
            "un responsabile del trattamento ha bisogno di questi dati per l'invio"
        }
        Because::ListedForTheRelation => "l'informativa elenca questi dati per i partner con questo rapporto",

        Because::UnknownPurpose => "nessuna informativa prevede questa finalità",
        Because::UnknownChannel => "nessuna informativa prevede questo canale",
        Because::NoConsent => "non c'è alcun consenso attivo",
        Because::ChannelNotSelected => "questa finalità e questo canale non sono stati scelti",
        Because::NoticeNotStored => "l'informativa mostrata non è conservata così come fu mostrata",
        Because::NotConfirmed => "il consenso attende una prova migliore",
        Because::Withdrawn => "il consenso è stato revocato",
        Because::Objected => "l'interessato si è opposto al marketing diretto",
        Because::Erased => "ciò a cui l'interessato aveva acconsentito è stato cancellato",
        Because::Lapsed => "il consenso non è più valido",
        Because::RegisterNotChecked => "il registro delle opposizioni non è stato consultato",

        Because::UnknownRecipient => "nessun destinatario di questo nome è registrato",
        Because::NotAuthorised => "il destinatario non è autorizzato",
        Because::SharingSwitchedOff => "il titolare ha sospeso questa condivisione",
        Because::NoSharing => {
            "nessun consenso attivo comprende la condivisione con destinatari di questo tipo"
        }
        Because::NotOnTheList => "l'informativa non nomina questa società",
        Because::NotAProcessor => "l'informativa non nomina questo responsabile del trattamento",
        Because::NoRelation => "nessun rapporto in corso lega l'interessato a questo partner",
        Because::AnotherPartner => "un partner locale ha titolo solo finché non ce n'è un altro",
        Because::RelationCapped => "il rapporto non è stato rinnovato entro il tempo per cui dà titolo",
        Because::NoProfiling => "nessun consenso attivo comprende il profilo individuale",

        Because::UnknownCategory => "l'informativa non prevede questi dati",
        Because::NotForTheProfile => "l'informativa non elenca questi dati per il profilo",
        Because::NotForTheGroup => "l'informativa non elenca questi dati per la società del gruppo",
        Because::NotForProcessors => {
            "un responsabile del trattamento non ha bisogno di questi dati per l'invio"
        }
        Because::NotForThisRelation => {
            "l'informativa non elenca questi dati per i partner con questo rapporto"
        }
        Because::NotForTheLocalPartner => "un partner locale riceve soltanto le categorie di base",
        Because::SharedWithNobody => {
            "l'informativa non condivide questi dati con alcun partner né con alcuna società del gruppo"
        }
        Because::NoDelivery => "per questo rapporto non è registrata alcuna consegna",
        Because::DeliveryTooLongAgo => "il periodo dopo la consegna è terminato",
        Because::NoSeparateConsent => "il consenso separato che questi dati richiedono non è attivo",
        Because::NoEmailConsent => "il canale e-mail non è compreso nel consenso",
    }
}
