//! A map of few entries: kept in order, side by side.
//!
//! The parts of a record's state have some tens of entries at most, and every fold of a record builds them
//! anew: a tree would allocate and walk more than it saves.

use std::cmp::Ordering;

/// Entries in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallMap<K, V>(Vec<(K, V)>);

impl<K: Ord, V> SmallMap<K, V> {
    pub fn get(&self, key: &K) -> Option<&V> {
        let place = self.place(key).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(key).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    /// Set each of these keys, which come in order, to what follows from its value so far.
    pub fn update<'a>(&mut self, keys: impl IntoIterator<Item = &'a K>, value: impl Fn(&K, Option<&V>) -> V)
    where
        K: Clone + 'a,
    {
        let keys = keys.into_iter();
        if self.is_empty() {
            self.0.reserve(keys.size_hint().0);
        }
        let mut place = 0;
        for key in keys {
            loop {
                match self.0.get_mut(place).map(|entry| (entry.0.cmp(key), entry)) {
                    Some((Ordering::Less, _)) => place += 1,
                    Some((Ordering::Equal, entry)) => break entry.1 = value(key, Some(&entry.1)),
                    Some((Ordering::Greater, _)) | None => {
                        break self.0.insert(place, (key.clone(), value(key, None)));
                    }
                }
            }
            place += 1;
        }
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key).ok()?;
        Some(self.0.remove(place).1)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }

    fn place(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(key))
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
