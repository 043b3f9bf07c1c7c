// Package once makes a write to an item happen once, though it may take several
// attempts: an increment, say, or a sale.
//
// A write leaves a mark at the item, by which a second attempt, made because no answer
// came to the first, finds that it was done: an attribute with an id of its own, in the
// very write. So one write of one unit is enough, and can be repeated without harm. Who
// has its answer to its only attempt needs the mark no more, and takes it away with its
// next write to that item. What needed more attempts stays for MarkLife, so that no late
// one of them has its effect again; then the next write, of whatever process, takes it
// away. So an item has about as many marks as processes write to it.
package once

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/shared/dynamo"
)

// MarkPrefix begins the names of marks, which an item's own attributes must not.
const MarkPrefix = "m-"

// MarkLife is for how long a mark stays that may be needed: longer than any attempt
// takes to arrive.
const MarkLife = time.Minute

// maxSpent bounds how many marks a write takes away: an expression has its limit.
const maxSpent = 50

// maxItems bounds of how many items marks are remembered; of others they go when their
// time is over.
const maxItems = 10_000

// ErrRefused says that a write's condition did not hold.
var ErrRefused = errors.New("once: refused")

// Item is an item, or the key of one.
type Item = map[string]types.AttributeValue

// Writer writes to the items of a table. Safe for concurrent use. Use New.
type Writer struct {
	client dynamo.Updater
	table  string

	mu    sync.Mutex
	spent map[string][]string // marks that may go with the next write to an item, by the item
}

// New returns a writer.
func New(client dynamo.Updater, table string) *Writer {
	return &Writer{client: client, table: table, spent: map[string][]string{}}
}

// Write changes an item, once, and returns it as it is then or later, with its marks.
// The id tells the item from others of the table.
// Errors: ErrRefused if one of the conditions does not hold, with the item that stands
// there, empty for none; others as dynamo.Unknown marks them.
func (w *Writer) Write(ctx context.Context, id string, key Item, u expression.UpdateBuilder, conditions ...expression.ConditionBuilder) (Item, error) {
	mark, spent := newMark(), w.take(id)
	in, err := w.input(key, mark, spent, u, conditions)
	if err != nil {
		return nil, err
	}
	out, repeated, err := dynamo.Update(ctx, w.client, in)
	var refused *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		if !repeated {
			w.give(id, mark)
		}
		w.give(id, outlived(out.Attributes)...)
		return out.Attributes, nil
	case errors.As(err, &refused):
		if _, done := refused.Item[mark]; done { // by an attempt whose answer was lost
			w.give(id, outlived(refused.Item)...)
			return refused.Item, nil
		}
		w.give(id, spent...)
		return refused.Item, ErrRefused
	}
	w.give(id, spent...)
	return nil, dynamo.Unknown(err, repeated)
}

func (w *Writer) input(key Item, mark string, spent []string, u expression.UpdateBuilder, conditions []expression.ConditionBuilder) (*dynamodb.UpdateItemInput, error) {
	u = u.Set(expression.Name(mark), expression.Value(time.Now().Unix()))
	for _, old := range spent {
		u = u.Remove(expression.Name(old))
	}
	fresh := expression.AttributeNotExists(expression.Name(mark))
	for _, c := range conditions {
		fresh = fresh.And(c)
	}
	e, err := expression.NewBuilder().WithUpdate(u).WithCondition(fresh).Build()
	return &dynamodb.UpdateItemInput{
		TableName: &w.table, Key: key,
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, err
}

// newMark returns the name of an attribute that nobody else uses. 64 bits are
// enough: it has to differ from those of the last minute at the same item.
func newMark() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return MarkPrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[:]))
}

// take returns marks at an item that may go, for a write that takes them away.
func (w *Writer) take(id string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.spent[id]
	n := min(len(all), maxSpent)
	taken := all[:n:n]
	if n == len(all) {
		delete(w.spent, id)
	} else {
		w.spent[id] = all[n:]
	}
	return taken
}

// give remembers marks that may go.
func (w *Writer) give(id string, marks ...string) {
	if len(marks) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.spent[id]; !known && len(w.spent) >= maxItems {
		return
	}
	for _, m := range marks {
		if !slices.Contains(w.spent[id], m) {
			w.spent[id] = append(w.spent[id], m)
		}
	}
}

// outlived returns the marks of an item that nobody needs any more, whose ever they are.
func outlived(item Item) []string {
	before := time.Now().Add(-MarkLife).Unix()
	var marks []string
	for name, value := range item {
		at, isNumber := value.(*types.AttributeValueMemberN)
		if !strings.HasPrefix(name, MarkPrefix) || !isNumber {
			continue
		}
		if seconds, err := strconv.ParseInt(at.Value, 10, 64); err == nil && seconds < before {
			marks = append(marks, name)
		}
	}
	return marks
}
