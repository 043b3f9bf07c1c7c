package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lockstep/functions/toystore"
)

// ReadsAtATime and BatchSize are the limits of joined reads.
const (
	ReadsAtATime = readsAtATime
	BatchSize    = batchSize
)

// Joined returns what joins the queries that it is asked into reads.
func Joined(read func(ctx context.Context, names []string) (map[string]toystore.Toy, error)) func(context.Context, string) (toystore.Toy, error) {
	r := &reads{read: read}
	return r.Toy
}

// Catalogue returns which catalogue of the table this is.
func (s *Store) Catalogue() string { return s.catalogue }

// With returns the same catalogue as a process has it whose client has the options.
func (s *Store) With(options ...func(*dynamodb.Options)) *Store {
	return New(dynamodb.New(s.client.Options(), options...), s.tables, s.catalogue)
}
