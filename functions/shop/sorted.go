package shop

import (
	"cmp"
	"slices"
)

// chunkSize is how many entries a chunk of a sorted list has at most.
const chunkSize = 256

// sorted is a list of values by key, in chunks: what comes at its end costs nothing, and
// what comes anywhere else moves half a chunk, however long the list is. The zero value
// is empty.
type sorted[K cmp.Ordered, V any] struct {
	chunks [][]keyed[K, V] // none is empty
	begins []K             // each chunk's first key, or a lower one; side by side, they are found fast
}

type keyed[K cmp.Ordered, V any] struct {
	key   K
	value V
}

// find returns where a key stands, or would: in the last chunk that does not begin after it.
func (s *sorted[K, V]) find(key K) (chunk, at int, found bool) {
	chunk, begins := slices.BinarySearch(s.begins, key)
	if !begins {
		chunk = max(0, chunk-1)
	}
	if chunk == len(s.chunks) {
		return chunk, 0, false
	}
	at, found = slices.BinarySearchFunc(s.chunks[chunk], key, func(e keyed[K, V], key K) int { return cmp.Compare(e.key, key) })
	return chunk, at, found
}

func (s *sorted[K, V]) get(key K) (value V, found bool) {
	chunk, at, found := s.find(key)
	if found {
		value = s.chunks[chunk][at].value
	}
	return value, found
}

// put sets the value of a key.
func (s *sorted[K, V]) put(key K, value V) {
	chunk, at, found := s.find(key)
	switch {
	case found:
		s.chunks[chunk][at].value = value
		return
	case len(s.chunks) == 0:
		s.chunks, s.begins = append(s.chunks, nil), append(s.begins, key)
	case len(s.chunks[chunk]) == chunkSize:
		chunk, at = s.split(chunk, at)
	}
	s.chunks[chunk] = slices.Insert(s.chunks[chunk], at, keyed[K, V]{key, value})
	s.begins[chunk] = s.chunks[chunk][0].key
}

// split makes room in a full chunk, and returns the place again. A chunk that is only
// added to stays full.
func (s *sorted[K, V]) split(chunk, at int) (newChunk, newAt int) {
	full := s.chunks[chunk]
	half := chunkSize / 2
	if at == chunkSize && chunk == len(s.chunks)-1 {
		half = chunkSize
	}
	begin := full[half-1].key // until there is something in it
	second := append(make([]keyed[K, V], 0, chunkSize), full[half:]...)
	if len(second) > 0 {
		begin = second[0].key
	}
	clear(full[half:])
	s.chunks[chunk] = full[:half]
	s.chunks = slices.Insert(s.chunks, chunk+1, second)
	s.begins = slices.Insert(s.begins, chunk+1, begin)
	if at > half || half == chunkSize {
		return chunk + 1, at - half
	}
	return chunk, at
}

func (s *sorted[K, V]) remove(key K) {
	chunk, at, found := s.find(key)
	if !found {
		return
	}
	s.chunks[chunk] = slices.Delete(s.chunks[chunk], at, at+1)
	if len(s.chunks[chunk]) == 0 {
		s.chunks, s.begins = slices.Delete(s.chunks, chunk, chunk+1), slices.Delete(s.begins, chunk, chunk+1)
	}
}

// after returns a copy of the entries after a key, limit at most.
func (s *sorted[K, V]) after(key K, limit int) []keyed[K, V] {
	chunk, at, found := s.find(key)
	if found {
		at++
	}
	var part []keyed[K, V]
	for ; chunk < len(s.chunks) && len(part) < limit; chunk, at = chunk+1, 0 {
		entries := s.chunks[chunk][at:]
		part = append(part, entries[:min(len(entries), limit-len(part))]...)
	}
	return part
}
