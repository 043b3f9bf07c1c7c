package toystore

import (
	"context"
	"sync"
	"time"
)

// maxCached is how many toys a Cache keeps at a time.
const maxCached = 10_000

// Cache is a Store that answers Toy from memory for up to its time to live, so that
// most queries for what is asked for often cost nothing. What is bought or put through
// it is seen at once; what others do is seen when the time is over. The list is never
// cached, and a purchase never looks here. Safe for concurrent use. Use NewCache.
type Cache struct {
	Store
	life time.Duration

	mu     sync.Mutex
	toys   map[string]cached
	writes map[string]writing // to the toys that are written to just now, or were since a read began
	reads  int                // that are under way
}

// cached is what was read of a toy.
type cached struct {
	toy   Toy
	until time.Time
}

// writing counts the writes to a toy, so that a read that began before one of them
// ended is not kept.
type writing struct{ underWay, done int }

// NewCache returns a cache before the store. A life of 0 keeps nothing.
func NewCache(store Store, life time.Duration) Store {
	if life <= 0 {
		return store
	}
	return &Cache{Store: store, life: life, toys: map[string]cached{}, writes: map[string]writing{}}
}

// Toy implements Store.
func (c *Cache) Toy(ctx context.Context, name string) (Toy, error) {
	began := time.Now() // what is read is as old as that
	known, before, fresh := c.look(name, began)
	if fresh {
		return known, nil
	}
	toy, err := c.Store.Toy(ctx, name)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads--
	if err == nil && c.writes[name] == before && before.underWay == 0 {
		c.makeRoom(began)
		c.toys[name] = cached{toy, began.Add(c.life)}
	}
	c.forgetWrites()
	return toy, err
}

// look returns what is known; if that is nothing, a read is under way from here on.
func (c *Cache) look(name string, now time.Time) (known Toy, before writing, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, there := c.toys[name]; there && now.Before(known.until) {
		return known.toy, writing{}, true
	}
	c.reads++
	return Toy{}, c.writes[name], false
}

// makeRoom drops a few toys at random if the cache is full, too old ones if it meets any.
func (c *Cache) makeRoom(now time.Time) {
	looked := 0
	for name, known := range c.toys { // begins anywhere
		if len(c.toys) < maxCached || looked == 8 {
			break
		}
		looked++
		if !now.Before(known.until) || looked == 8 {
			delete(c.toys, name)
		}
	}
}

// forgetWrites drops the counts that no read can ask for.
func (c *Cache) forgetWrites() {
	if c.reads > 0 {
		return
	}
	for name, w := range c.writes {
		if w.underWay == 0 {
			delete(c.writes, name)
		}
	}
}

// Buy implements Store.
func (c *Cache) Buy(ctx context.Context, p Purchase) (Sale, error) {
	defer c.write(p.Toy)()
	return c.Store.Buy(ctx, p)
}

// Put implements Store.
func (c *Cache) Put(ctx context.Context, toy Toy) error {
	defer c.write(toy.Name)()
	return c.Store.Put(ctx, toy)
}

// write says that a toy is written to, until what it returns is called.
func (c *Cache) write(name string) (done func()) {
	c.change(name, 1, 0)
	return func() { c.change(name, -1, 1) }
}

func (c *Cache) change(name string, underWay, done int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.toys, name)
	w := c.writes[name]
	c.writes[name] = writing{w.underWay + underWay, w.done + done}
	c.forgetWrites()
}
