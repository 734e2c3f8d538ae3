//! A set of few values: kept in order, side by side, for the reason that a [`SmallMap`] is.
//!
//! [`SmallMap`]: crate::small_map::SmallMap

use std::fmt;

/// Values in their order, each once.
#[derive(Clone, PartialEq, Eq)]
pub struct SmallSet<T>(Vec<T>);

impl<T: Ord> SmallSet<T> {
    pub fn contains(&self, value: &T) -> bool {
        self.0.contains(value)
    }

    pub fn insert(&mut self, value: T) {
        if let Err(place) = self.0.binary_search(&value) {
            self.0.insert(place, value);
        }
    }

    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|value| other.contains(value))
    }

    /// What is here and not there.
    pub fn difference(&self, other: &Self) -> impl Iterator<Item = &T> {
        self.iter().filter(|value| !other.contains(value))
    }

    /// What is here and there.
    pub fn intersection(&self, other: &Self) -> impl Iterator<Item = &T> {
        self.iter().filter(|value| other.contains(value))
    }
}

impl<T> SmallSet<T> {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T> Default for SmallSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for SmallSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.0).finish()
    }
}

impl<T: Ord> Extend<T> for SmallSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<T: Ord> FromIterator<T> for SmallSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut set = Self::new();
        set.extend(values);
        set
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for SmallSet<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<T> IntoIterator for SmallSet<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a SmallSet<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_holds_what_a_tree_would_hold_and_in_that_order() {
        let (set, tree): (SmallSet<_>, BTreeSet<_>) =
            ([5, 1, 9, 5, 3, 1, 7].into(), [5, 1, 9, 5, 3, 1, 7].into());
        let (other, others): (SmallSet<_>, BTreeSet<_>) = ([1, 2, 9].into(), [1, 2, 9].into());
        assert!(set.iter().eq(&tree));
        assert!(set.difference(&other).eq(tree.difference(&others)));
        assert!(set.intersection(&other).eq(tree.intersection(&others)));
        assert!(!other.is_subset(&set) && SmallSet::from([1, 9]).is_subset(&set));
    }
}
