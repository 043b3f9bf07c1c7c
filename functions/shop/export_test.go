package shop

import "cmp"

// Sorted is a sorted list.
type Sorted[K cmp.Ordered, V any] struct{ list sorted[K, V] }

// Get returns the value of a key.
func (s *Sorted[K, V]) Get(key K) (V, bool) { return s.list.get(key) }

// Put sets the value of a key.
func (s *Sorted[K, V]) Put(key K, value V) { s.list.put(key, value) }

// Remove removes a key.
func (s *Sorted[K, V]) Remove(key K) { s.list.remove(key) }

// After returns the keys after one.
func (s *Sorted[K, V]) After(key K, limit int) (keys []K) {
	for _, e := range s.list.after(key, limit) {
		keys = append(keys, e.key)
	}
	return keys
}
