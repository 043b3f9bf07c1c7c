package toystore

import (
	"context"
	"encoding/base64"

	"lockstep/shared/failure"
)

// How many toys a page of the list has.
const (
	DefaultPage = 100
	MaxPage     = 1000
)

type listRequest struct {
	Limit  *int64 `query:"limit"`
	Cursor string `query:"cursor"`
}

// Validate says which field is wrong.
func (r listRequest) Validate() error {
	if r.Limit != nil && (*r.Limit < 1 || *r.Limit > MaxPage) {
		return failure.InvalidField("limit", "limit must be 1 to %d, not %d", MaxPage, *r.Limit)
	}
	return nil
}

type listAnswer struct {
	Toys   []toyAnswer `json:"toys"`
	Cursor string      `json:"cursor,omitempty"` // where the next page begins; none: this is the last
}

// list returns a page of the catalogue, by name.
func (s *Service) list(ctx context.Context, in listRequest) (listAnswer, error) {
	limit := DefaultPage
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	after, err := fromCursor(in.Cursor)
	if err != nil {
		return listAnswer{}, err
	}
	toys, err := s.Store.Toys(ctx, after, limit+1) // one more tells whether there is a next page
	if err != nil {
		return listAnswer{}, err
	}
	answer := listAnswer{Toys: []toyAnswer{}}
	if len(toys) > limit {
		toys = toys[:limit]
		answer.Cursor = toCursor(toys[limit-1].Name)
	}
	for _, toy := range toys {
		answer.Toys = append(answer.Toys, answerOf(toy))
	}
	return answer, nil
}

// A cursor is the name of the last toy of a page, made fit for a URL.
func toCursor(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func fromCursor(cursor string) (after string, err error) {
	if cursor == "" {
		return "", nil
	}
	name, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || CheckName("cursor", string(name)) != nil {
		return "", failure.InvalidField("cursor", "cursor is none that a list has answered with")
	}
	return string(name), nil
}
