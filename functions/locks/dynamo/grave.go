package dynamo

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// An attempt whose answer was lost may not be lost itself, but late: it would take
// its endpoint when everybody has forgotten it, for nobody. So whoever needed more
// than one attempt buries their id, and no attempt takes effect whose id is buried.
const (
	gravePrefix = "x/"        // an attribute a grave; its value is when it was dug, Unix milliseconds
	graveKept   = time.Minute // longer than anything is on its way
)

func grave(attempt string) expression.NameBuilder {
	return expression.NameNoDotSplit(gravePrefix + attempt)
}

// bury keeps attempts of that id from taking effect from now on. What one of them
// has taken already stays taken.
func (s *Store) bury(ctx context.Context, attempt string) error {
	update := expression.Set(grave(attempt), expression.Value(time.Now().UnixMilli()))
	_, _, err := s.write(ctx, update, expression.AttributeNotExists(grave(attempt)))
	if errors.Is(err, errRefused) { // by our own lost attempt at this very thing
		return nil
	}
	return err
}

// oldGraves returns the names of the graves that nobody needs any more.
func (v view) oldGraves() []expression.NameBuilder {
	oldest := time.Now().Add(-graveKept).UnixMilli()
	var old []expression.NameBuilder
	for name, value := range v {
		if dug, ok := value.(*types.AttributeValueMemberN); ok && strings.HasPrefix(name, gravePrefix) {
			if at, err := strconv.ParseInt(dug.Value, 10, 64); err == nil && at < oldest {
				old = append(old, expression.NameNoDotSplit(name))
			}
		}
	}
	return old
}
