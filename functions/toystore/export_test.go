package toystore

// Kept returns how many toys a cache keeps, and of how many it counts writes.
func Kept(s Store) (toys, writes int) {
	c := s.(*Cache)
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.toys), len(c.writes)
}
