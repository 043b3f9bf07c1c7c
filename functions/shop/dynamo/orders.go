package dynamo

import (
	"context"
	"iter"
	"math"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"lockstep/functions/shop"
)

// shards is over how many partitions orders are spread: each takes some hundred a
// second. What is stored stands where this says.
const shards = 16

func (s *Store) shard(n int64) string { return s.shop + "/" + strconv.FormatInt(n, 10) }

func (s *Store) orderKey(id int64) item {
	return item{"shard": text(s.shard(id % shards)), "id": number(id)} // its last bits are chance
}

// orderOf reads an item of the table Orders. there is false for the place of an order
// that was forgone.
func orderOf(i item) (o shop.Order, there bool, err error) {
	lines, there := i["lines"].(*types.AttributeValueMemberB)
	id, isNumber := i["id"].(*types.AttributeValueMemberN)
	if !there || !isNumber {
		return o, false, nil
	}
	if o.ID, err = strconv.ParseInt(id.Value, 10, 64); err != nil {
		return o, false, err
	}
	o.Lines, err = shop.DecodeLines(string(lines.Value))
	return o, true, err
}

// Order implements shop.Store.
func (s *Store) Order(ctx context.Context, id int64) (shop.Order, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.tables.Orders, Key: s.orderKey(id), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return shop.Order{}, err
	}
	o, there, err := orderOf(out.Item)
	if err == nil && !there {
		err = shop.ErrNoSuchOrder
	}
	return o, err
}

// Orders implements shop.Store: it merges the shards.
func (s *Store) Orders(ctx context.Context, after int64, about int) iter.Seq2[shop.Order, error] {
	return func(yield func(shop.Order, error) bool) {
		m := newMerge(s, after, about)
		for {
			o, there, err := m.next(ctx)
			if err != nil || !there {
				if err != nil {
					yield(o, err)
				}
				return
			}
			if !yield(o, nil) {
				return
			}
		}
	}
}

// merge goes through all shards at once, in the order of ids.
type merge struct {
	store  *Store
	size   int // how many items a shard is asked for at a time
	shards [shards]part
}

// part is what is known of a shard: the orders that were read and not taken yet.
type part struct {
	read  []shop.Order
	after int64 // the last one that was read
	ended bool
}

func newMerge(s *Store, after int64, about int) *merge {
	m := &merge{store: s, size: ask(about)}
	for i := range m.shards {
		m.shards[i].after = after
	}
	return m
}

// ask returns for how many items each shard is asked so that about so many come together:
// ids are spread by chance, so a shard's share of them varies by the root of itself. With
// four times that to spare, one shard in a thousand must be asked again.
func ask(about int) int {
	share := float64(about) / shards
	return min(about, int(math.Ceil(share+4*math.Sqrt(share)))+1)
}

// next returns the order with the lowest id that is left; there is false at the end.
func (m *merge) next(ctx context.Context) (o shop.Order, there bool, err error) {
	first := -1
	for i := range m.shards {
		p := &m.shards[i]
		if len(p.read) == 0 && !p.ended {
			if err := m.fill(ctx); err != nil {
				return o, false, err
			}
		}
		if len(p.read) > 0 && (first < 0 || p.read[0].ID < m.shards[first].read[0].ID) {
			first = i
		}
	}
	if first < 0 {
		return o, false, nil
	}
	p := &m.shards[first]
	o, p.read = p.read[0], p.read[1:]
	return o, true, nil
}

// fill reads on, at the same time, in all shards of which nothing is left.
func (m *merge) fill(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	for i := range m.shards {
		p := &m.shards[i]
		if len(p.read) == 0 && !p.ended {
			all.Go(func() error { return m.store.readShard(ctx, int64(i), p, m.size) })
		}
	}
	return all.Wait()
}

// readShard reads on in a shard until there is an order, or the end.
func (s *Store) readShard(ctx context.Context, n int64, p *part, size int) error {
	for len(p.read) == 0 && !p.ended {
		in, err := query(&s.tables.Orders, "shard", s.shard(n), "id", p.after, true, size)
		if err != nil {
			return err
		}
		page, err := s.client.Query(ctx, in)
		if err != nil {
			return err
		}
		if err := p.add(page); err != nil {
			return err
		}
	}
	return nil
}

func (p *part) add(page *dynamodb.QueryOutput) error {
	for _, i := range page.Items {
		o, there, err := orderOf(i)
		if err != nil {
			return err
		}
		if there {
			p.read = append(p.read, o)
		}
	}
	p.ended = page.LastEvaluatedKey == nil
	if p.ended {
		return nil
	}
	last, err := strconv.ParseInt(page.LastEvaluatedKey["id"].(*types.AttributeValueMemberN).Value, 10, 64)
	p.after = last
	return err
}
