//! A map of few entries: kept in order, side by side.
//!
//! The parts of a record's state and of a policy have some tens of entries at most, and every fold of a record
//! builds the former anew. A tree would allocate and walk more than it saves; and a key is found by looking along
//! the entries for an equal one, for two codes are told apart at once, but put in order by their letters.

use std::borrow::Borrow;
use std::ops::Index;

/// For how many entries there is room from the first one on: most maps never grow.
const ROOM: usize = 16;

/// Entries in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallMap<K, V>(Vec<(K, V)>);

impl<K: Ord, V> SmallMap<K, V> {
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.get_key_value(key).map(|(_, value)| value)
    }

    pub fn get_key_value<Q>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.iter().find(|(other, _)| (*other).borrow() == key)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.iter_mut()
            .find(|(other, _)| *other == key)
            .map(|(_, value)| value)
    }

    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.get(key).is_some()
    }

    pub fn insert(&mut self, key: K, value: V) {
        if let Some(found) = self.get_mut(&key) {
            *found = value;
        } else {
            self.add(key, value);
        }
    }

    /// Set each of these keys, which come in order, to what follows from its value so far.
    pub fn update<'a>(&mut self, keys: impl IntoIterator<Item = &'a K>, value: impl Fn(&K, Option<&V>) -> V)
    where
        K: Clone + 'a,
    {
        let mut rest = self.0.iter_mut();
        for key in keys {
            if let Some((_, found)) = rest.find(|(other, _)| other == key) {
                *found = value(key, Some(found));
            } else {
                let place = self.add(key.clone(), value(key, None));
                rest = self.0[place + 1..].iter_mut();
            }
        }
    }

    /// Put a key that is not there yet behind the last that comes before it, most often at the end. Says where.
    fn add(&mut self, key: K, value: V) -> usize {
        if self.is_empty() {
            self.0.reserve(ROOM);
        }
        let before = self.0.iter().rposition(|(other, _)| *other < key);
        let place = before.map_or(0, |before| before + 1);
        self.0.insert(place, (key, value));
        place
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.0.iter().position(|(other, _)| other == key)?;
        Some(self.0.remove(place).1)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }
}

impl<K, V> SmallMap<K, V> {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

/// The value of a key that is there.
impl<K, Q, V> Index<&Q> for SmallMap<K, V>
where
    K: Ord + Borrow<Q>,
    Q: Eq + ?Sized,
{
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("a key of the map")
    }
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Extend<(K, V)> for SmallMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SmallMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K, V> IntoIterator for SmallMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a SmallMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_holds_what_a_tree_would_hold_and_in_that_order() {
        let (mut map, mut tree) = (SmallMap::default(), BTreeMap::new());
        for (step, key) in [5, 1, 9, 5, 3, 1, 7, 0].into_iter().enumerate() {
            map.insert(key, step);
            tree.insert(key, step);
        }
        assert_eq!(map.remove(&9), tree.remove(&9));
        assert_eq!(map.remove(&8), None);
        map.retain(|key, _| *key != 7);
        tree.retain(|key, _| *key != 7);
        assert!(map.iter().eq(&tree));
        for key in 0..10 {
            assert_eq!(map.get(&key), tree.get(&key));
            assert_eq!(map.contains_key(&key), tree.contains_key(&key));
        }
    }

    #[test]
    fn an_update_sets_old_keys_and_new_ones_and_no_other() {
        let mut map: SmallMap<i32, i32> = [(1, 10), (3, 30), (5, 50)].into_iter().collect();
        map.update(&[0, 3, 4, 9], |key, before| {
            before.map_or(*key, |before| before + 1)
        });
        let entries = [(0, 0), (1, 10), (3, 31), (4, 4), (5, 50), (9, 9)];
        assert!(map.into_iter().eq(entries));
    }
}
