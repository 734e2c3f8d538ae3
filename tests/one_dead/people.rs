//! People whom the simulation needs by the thousand: each a copy of one who consented to everything and has just
//! named a dealer, and of whom everybody but that dealer was told.

use aws_sdk_dynamodb::types::{PutRequest, StreamSpecification, WriteRequest};
use serde_json::json;
use tests::{AttributeValue, Item, World};

/// The most items that one call writes.
const ITEMS_MAX: usize = 25;
const DEALER: &str = "dealer-0";

pub(crate) struct People {
    engine: aws_sdk_dynamodb::Client,
    table: String,
    /// The newest act of the one whom the others are copies of, and what everybody else acknowledged.
    newest: Item,
    acknowledged: Vec<Item>,
}

impl People {
    /// Whoever they are copies of comes through the front door.
    pub(crate) async fn of(world: &World) -> Self {
        let someone = world.someone_who_granted_everything().await;
        let named = world.relate(&someone, DEALER, "preferred", "account", json!({}));
        named.await.is(200);
        world.settle().await;
        let newest = world.chain(&someone).await.pop().expect("an act");
        let mut acknowledged = world.stored(&format!("LEDGER#{}", someone.pseudonym)).await;
        acknowledged.retain(|entry| entry["sk"] != AttributeValue::S(DEALER.to_owned()));

        let (engine, table) = world.engine();
        // The engine looks through all of its stream for each write; the simulation knows what it wrote.
        let no_stream = StreamSpecification::builder().stream_enabled(false).build();
        let update = engine.update_table().table_name(&table);
        let update = update.stream_specification(no_stream.expect("a specification"));
        update.send().await.expect("a table without a stream");
        Self {
            engine,
            table,
            newest,
            acknowledged,
        }
    }

    /// Commit the acts of these people; the key of each, as the stream tells it.
    pub(crate) async fn commit(&self, people: &[usize], recipients: usize) -> Vec<(String, String)> {
        let items: Vec<Item> = people
            .iter()
            .flat_map(|person| self.items_of(*person, *person % recipients))
            .collect();
        for some in items.chunks(ITEMS_MAX) {
            let puts = some.iter().map(|item| {
                let put = PutRequest::builder().set_item(Some(item.clone())).build();
                WriteRequest::builder().put_request(put.expect("an item")).build()
            });
            let written = self
                .engine
                .batch_write_item()
                .request_items(&self.table, puts.collect());
            written.send().await.expect("the engine");
        }
        let version = self.newest["sk"].as_s().expect("text");
        let key = |person: &usize| (format!("CHAIN#{}", subject(*person)), version.clone());
        people.iter().map(key).collect()
    }

    fn items_of(&self, person: usize, dealer: usize) -> Vec<Item> {
        let key = |kind: &str| AttributeValue::S(format!("{kind}#{}", subject(person)));
        let mut newest = self.newest.clone();
        for name in ["act", "after"] {
            let text = newest[name].as_s().expect("text");
            let text = text.replace(DEALER, &format!("dealer-{dealer}"));
            newest.insert(name.to_owned(), AttributeValue::S(text));
        }
        newest.insert("pk".to_owned(), key("CHAIN"));
        let mut items = vec![newest];
        for entry in &self.acknowledged {
            let mut entry = entry.clone();
            entry.insert("pk".to_owned(), key("LEDGER"));
            items.push(entry);
        }
        items
    }
}

fn subject(person: usize) -> String {
    format!("sub_{person:022}")
}

/// Who it is.
pub(crate) fn person(subject: &str) -> Option<usize> {
    subject.strip_prefix("sub_")?.parse().ok()
}
