package dynamo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/shared/lease"
)

// What the names of an item's attributes begin with, before an id. No id can so
// collide with another attribute.
const (
	ticketPrefix = "t/"
	entryPrefix  = "e/"
	tombPrefix   = "x/"
)

// entry is an entry but for its ticket, under short names: a write costs by the
// item's size.
type entry struct {
	Keys      []string `dynamodbav:"k,stringset"`
	Owner     string   `dynamodbav:"o,omitempty"`
	Since     int64    `dynamodbav:"s"`
	TTL       int64    `dynamodbav:"l,omitempty"` // milliseconds
	Expires   int64    `dynamodbav:"x,omitempty"`
	Confirmed bool     `dynamodbav:"g,omitempty"`
	Nonce     string   `dynamodbav:"a,omitempty"`
	Weight    int64    `dynamodbav:"w"`
}

func encode(e lease.Entry) entry {
	return entry{
		Keys: e.Keys, Owner: e.Owner, Since: e.Since.UnixMilli(), TTL: e.TTL.Milliseconds(), Expires: millis(e.Expires),
		Confirmed: e.Confirmed, Nonce: e.Nonce, Weight: e.Weight,
	}
}

func (e entry) decode(id string, ticket int64) lease.Entry {
	slices.Sort(e.Keys) // a set has no order
	return lease.Entry{
		ID: id, Ticket: ticket, Keys: e.Keys, Owner: e.Owner, Since: time.UnixMilli(e.Since), TTL: time.Duration(e.TTL) * time.Millisecond,
		Expires: moment(e.Expires), Confirmed: e.Confirmed, Nonce: e.Nonce, Weight: e.Weight,
	}
}

// millis writes a time, 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// Decode reads a namespace's item, or an image of it out of the table's stream. No
// item is the zero view.
func Decode(item map[string]types.AttributeValue) (lease.View, error) {
	var head struct {
		Version int64             `dynamodbav:"v"`
		Counter int64             `dynamodbav:"n"`
		Weight  int64             `dynamodbav:"b"`
		Written int64             `dynamodbav:"m"`
		Ended   map[string]string `dynamodbav:"f"`
	}
	if err := attributevalue.UnmarshalMap(item, &head); err != nil {
		return lease.View{}, fmt.Errorf("a namespace's item is not of our making: %w", err)
	}
	view := lease.View{Version: head.Version, Counter: head.Counter, Weight: head.Weight, Written: moment(head.Written)}
	for ticket, how := range head.Ended {
		if n, err := strconv.ParseInt(ticket, 10, 64); err == nil {
			if view.Ended == nil {
				view.Ended = map[int64]string{}
			}
			view.Ended[n] = how
		}
	}
	for name, value := range item {
		if err := decodeInto(&view, item, name, value); err != nil {
			return lease.View{}, fmt.Errorf("a namespace's attribute %q is not of our making: %w", name, err)
		}
	}
	slices.SortFunc(view.Entries, func(a, b lease.Entry) int { return cmp.Compare(a.Ticket, b.Ticket) })
	return view, nil
}

func decodeInto(view *lease.View, item map[string]types.AttributeValue, name string, value types.AttributeValue) error {
	if id, ok := strings.CutPrefix(name, entryPrefix); ok {
		var e entry
		var ticket int64
		if err := attributevalue.Unmarshal(value, &e); err != nil {
			return err
		}
		if err := attributevalue.Unmarshal(item[ticketPrefix+id], &ticket); err != nil {
			return err
		}
		view.Entries = append(view.Entries, e.decode(id, ticket))
	}
	if id, ok := strings.CutPrefix(name, tombPrefix); ok {
		var since int64
		if err := attributevalue.Unmarshal(value, &since); err != nil {
			return err
		}
		if view.Tombs == nil {
			view.Tombs = map[string]time.Time{}
		}
		view.Tombs[id] = time.UnixMilli(since)
	}
	return nil
}

// express writes a batch as one conditional update. What it does is said at
// lease.View's Holds, Allows and Apply.
func express(b lease.Batch) (expression.Expression, error) {
	now := b.Now.UnixMilli()
	update := expression.
		Set(expression.Name("v"), next("v", now, 1)).
		Set(expression.Name("m"), expression.Value(now))
	var conditions []expression.ConditionBuilder
	var added int64
	for _, c := range b.Changes {
		if c.Kind == lease.Add {
			added++
			update = update.Set(ticket(c), next("n", now, added))
		}
		update = change(update, c, now)
		conditions = append(conditions, condition(c)...)
	}
	if added > 0 {
		update = update.Set(expression.Name("n"), next("n", now, added))
		conditions = append(conditions, room(b.AddedWeight()))
	}
	if weight := b.WeightChange(); weight != 0 {
		update = update.Set(expression.Name("b"), plus(expression.Name("b"), 0, weight))
	}
	if ended := b.Ended(); ended != nil {
		update = update.Set(expression.Name("f"), expression.Value(byText(ended)))
	}
	if b.Steady {
		conditions = append(conditions, steady(b.Counter))
	}
	builder := expression.NewBuilder().WithUpdate(update)
	if len(conditions) > 0 {
		builder = builder.WithCondition(all(conditions))
	}
	return builder.Build()
}

func change(update expression.UpdateBuilder, c lease.Change, now int64) expression.UpdateBuilder {
	switch c.Kind {
	case lease.Add:
		return update.Set(stored(c), expression.Value(encode(c.Entry)))
	case lease.Set:
		update = update.Set(stored(c).AppendName(expression.Name("x")), expression.Value(c.Expires.UnixMilli()))
		if c.Confirm {
			update = update.Set(stored(c).AppendName(expression.Name("g")), expression.Value(true))
		}
		return update
	case lease.Remove:
		return update.Remove(stored(c)).Remove(ticket(c))
	case lease.Bury:
		return update.Set(tomb(c), expression.Value(now))
	default:
		return update.Remove(tomb(c))
	}
}

func condition(c lease.Change) []expression.ConditionBuilder {
	same := expression.Equal(ticket(c), expression.Value(c.Entry.Ticket))
	expires := stored(c).AppendName(expression.Name("x"))
	switch c.Kind {
	case lease.Add:
		return []expression.ConditionBuilder{expression.AttributeNotExists(stored(c)), expression.AttributeNotExists(tomb(c))}
	case lease.Bury:
		return []expression.ConditionBuilder{expression.AttributeNotExists(tomb(c))}
	case lease.Forget:
		return []expression.ConditionBuilder{expression.AttributeExists(tomb(c))}
	case lease.Set, lease.Remove:
		switch {
		case !c.Seen.IsZero():
			return []expression.ConditionBuilder{same, expression.Equal(expires, expression.Value(c.Seen.UnixMilli()))}
		case c.Kind == lease.Set:
			return []expression.ConditionBuilder{same, expression.LessThan(expires, expression.Value(c.Expires.UnixMilli()))}
		}
	}
	return []expression.ConditionBuilder{same}
}

func ticket(c lease.Change) expression.NameBuilder {
	return expression.NameNoDotSplit(ticketPrefix + c.Entry.ID)
}

func stored(c lease.Change) expression.NameBuilder {
	return expression.NameNoDotSplit(entryPrefix + c.Entry.ID)
}

func tomb(c lease.Change) expression.NameBuilder {
	return expression.NameNoDotSplit(tombPrefix + c.Entry.ID)
}

// next is a counter's value by steps later. One that is made anew starts at the
// time, above all that an earlier one of its name has counted.
func next(counter string, now, steps int64) expression.SetValueBuilder {
	return plus(expression.Name(counter), now, steps)
}

func plus(name expression.NameBuilder, first, more int64) expression.SetValueBuilder {
	return expression.Plus(expression.IfNotExists(name, expression.Value(first)), expression.Value(more))
}

// room is the condition that so much weight can be added.
func room(added int64) expression.ConditionBuilder {
	weight := expression.Name("b")
	light := expression.LessThanEqual(weight, expression.Value(lease.MaxWeight-added))
	if added > lease.MaxWeight {
		return light // never
	}
	return expression.Or(expression.AttributeNotExists(weight), light)
}

// steady is the condition that nobody has come since.
func steady(counter int64) expression.ConditionBuilder {
	if counter == 0 {
		return expression.AttributeNotExists(expression.Name("n"))
	}
	return expression.Equal(expression.Name("n"), expression.Value(counter))
}

// all is that all conditions hold.
func all(conditions []expression.ConditionBuilder) expression.ConditionBuilder {
	if len(conditions) == 1 {
		return conditions[0]
	}
	return expression.And(conditions[0], conditions[1], conditions[2:]...)
}

func byText(ended map[int64]string) map[string]string {
	named := make(map[string]string, len(ended))
	for ticket := range maps.Keys(ended) {
		named[strconv.FormatInt(ticket, 10)] = ended[ticket]
	}
	return named
}
