package dynamo

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/toystore"
	"lockstep/shared/dynamo"
)

// How many reads are under way at a time, and how many toys each asks for at most:
// DynamoDB's own limit.
const (
	readsAtATime = 8
	batchSize    = 100
)

// readTime is how long a read may take: it is made for others than whoever it was begun
// for, and must end though nobody gives it up.
const readTime = 10 * time.Second

// reads joins the queries of a process: the first ones are sent at once, each alone;
// those that come while enough are under way go together in the next one. A read
// begins after the queries that it is for, so it is as fresh for each as its own would
// be. The zero value with a read is ready. Safe for concurrent use.
type reads struct {
	read func(ctx context.Context, names []string) (map[string]toystore.Toy, error)

	mu       sync.Mutex
	underWay int
	waiting  []*readOf // in the order in which they came
}

// readOf is a query for a toy.
type readOf struct {
	ctx  context.Context //nolint:containedctx // it names the operation that the read is for
	name string
	done chan struct{}
	toy  toystore.Toy
	err  error
}

// Toy returns one toy. Errors: toystore.ErrNoSuchToy, ctx's cause, the store's.
func (r *reads) Toy(ctx context.Context, name string) (toystore.Toy, error) {
	mine := &readOf{ctx: ctx, name: name, done: make(chan struct{})}
	r.mu.Lock()
	r.waiting = append(r.waiting, mine)
	begin := r.underWay < readsAtATime
	if begin {
		r.underWay++
	}
	r.mu.Unlock()
	if begin {
		go r.work()
	}
	select {
	case <-mine.done:
		return mine.toy, mine.err
	case <-ctx.Done():
		return toystore.Toy{}, context.Cause(ctx)
	}
}

// work makes reads until nobody waits for one.
func (r *reads) work() {
	for {
		batch := r.next()
		if batch == nil {
			return
		}
		found, err := r.readFor(batch)
		for _, q := range batch {
			q.err = err
			if toy, there := found[q.name]; there {
				q.toy = toy
			} else if err == nil {
				q.err = toystore.ErrNoSuchToy
			}
			close(q.done)
		}
	}
}

// readFor reads what a batch asks for. Whose context the read is made under must not
// matter to the others.
func (r *reads) readFor(batch []*readOf) (map[string]toystore.Toy, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(batch[0].ctx), readTime)
	defer cancel()
	return r.read(ctx, namesOf(batch))
}

// next takes a batch of those who wait and have not given up; nil ends the worker.
func (r *reads) next() []*readOf {
	r.mu.Lock()
	defer r.mu.Unlock()
	var batch []*readOf
	names := map[string]bool{}
	for len(r.waiting) > 0 && len(names) < batchSize {
		q := r.waiting[0]
		r.waiting = r.waiting[1:]
		if q.ctx.Err() == nil {
			batch = append(batch, q)
			names[q.name] = true
		}
	}
	if batch == nil {
		r.underWay--
	}
	return batch
}

func namesOf(batch []*readOf) []string {
	var names []string
	seen := make(map[string]bool, len(batch))
	for _, q := range batch {
		if !seen[q.name] {
			seen[q.name] = true
			names = append(names, q.name)
		}
	}
	return names
}

// readAll reads toys by name: one by GetItem, more by BatchGetItem.
func (s *Store) readAll(ctx context.Context, names []string) (map[string]toystore.Toy, error) {
	var items []map[string]types.AttributeValue
	if len(names) == 1 {
		out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.tables.Toys, Key: s.key(names[0]), ConsistentRead: aws.Bool(true)})
		if err != nil {
			return nil, err
		}
		if out.Item != nil {
			items = append(items, out.Item)
		}
	} else {
		keys := make([]map[string]types.AttributeValue, len(names))
		for i, name := range names {
			keys[i] = s.key(name)
		}
		var err error
		if items, err = dynamo.BatchGet(ctx, s.client, s.tables.Toys, keys); err != nil {
			return nil, err
		}
	}
	found := make(map[string]toystore.Toy, len(items))
	for _, i := range items {
		toy, err := toyOf(i)
		if err != nil {
			return nil, err
		}
		found[toy.Name] = toy
	}
	return found, nil
}
