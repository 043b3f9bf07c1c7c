package dynamo

import (
	"crypto/rand"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A write to a toy leaves a mark at the item, by which a second attempt, made because
// no answer came to the first, finds that it was done: an attribute with an id of its
// own, in the very write. So one write of one unit sells, and can be repeated without
// harm. Who has its answer to its only attempt needs the mark no more, and takes it away
// with its next write to that toy. What needed more attempts stays for markLife, so that
// no late one of them sells again; then the next write, of whatever process, takes it away.
const (
	markPrefix = "m-"
	markLife   = time.Minute
)

// newMark returns the name of an attribute that nobody else uses. 65 bits are
// enough: it has to differ from those of the last minute at the same toy.
func newMark() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return markPrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[:]))
}

// marked adds the mark to an update, and removes those that are spent.
func marked(u expression.UpdateBuilder, mark string, spent []string) expression.UpdateBuilder {
	u = u.Set(expression.Name(mark), expression.Value(time.Now().Unix()))
	for _, old := range spent {
		u = u.Remove(expression.Name(old))
	}
	return u
}

// unmarked is the condition that no attempt of the write has been made.
func unmarked(mark string) expression.ConditionBuilder {
	return expression.AttributeNotExists(expression.Name(mark))
}

// spentMarks bounds how many marks a write takes away: an expression has its limit.
const spentMarks = 50

// take returns marks at a toy that may go, for a write that takes them away.
func (s *Store) take(toy string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.spent[toy]
	n := min(len(all), spentMarks)
	taken := all[:n:n]
	if n == len(all) {
		delete(s.spent, toy)
	} else {
		s.spent[toy] = all[n:]
	}
	return taken
}

// give remembers marks that may go.
func (s *Store) give(toy string, marks ...string) {
	if len(marks) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range marks {
		if !slices.Contains(s.spent[toy], m) {
			s.spent[toy] = append(s.spent[toy], m)
		}
	}
}

// outlived returns the marks of an item that nobody needs any more, whose ever they are.
func outlived(attributes map[string]types.AttributeValue) []string {
	before := time.Now().Add(-markLife).Unix()
	var marks []string
	for name, value := range attributes {
		at, isNumber := value.(*types.AttributeValueMemberN)
		if !strings.HasPrefix(name, markPrefix) || !isNumber {
			continue
		}
		if seconds, err := strconv.ParseInt(at.Value, 10, 64); err == nil && seconds < before {
			marks = append(marks, name)
		}
	}
	return marks
}
