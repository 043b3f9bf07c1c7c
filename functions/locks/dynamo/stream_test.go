package dynamo_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/shared/operation"
)

// stream stands in for the stream of the table Namespaces, which all tests share: it
// keeps the images of a namespace that a client sees, in order.
type stream struct {
	mu      sync.Mutex
	images  []image // those that are not told yet, behind the last one that is
	version int64   // of the last one
}

// image is a namespace's item after a write; nil before the first.
type image map[string]types.AttributeValue

// tap makes a client hand on the images that it sees.
func (s *stream) tap(o *dynamodb.Options) {
	tapped := middleware.InitializeMiddlewareFunc("Tap",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			var refused *types.ConditionalCheckFailedException
			switch result := out.Result.(type) {
			case *dynamodb.UpdateItemOutput:
				if err == nil {
					s.see(result.Attributes)
				}
			case *dynamodb.GetItemOutput:
				if err == nil {
					s.see(result.Item)
				}
			}
			if errors.As(err, &refused) {
				s.see(refused.Item)
			}
			return out, metadata, err
		})
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(tapped, middleware.Before) })
}

// see keeps an image, if it is one of a namespace's and a new one.
func (s *stream) see(item image) {
	v, _ := item["v"].(*types.AttributeValueMemberN)
	if v == nil {
		return
	}
	version, _ := strconv.ParseInt(v.Value, 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	if version <= s.version {
		return
	}
	if s.version == 0 {
		s.images = []image{nil}
	}
	s.images, s.version = append(s.images, item), version
}

// tell hands what happened since the last time to record, as AWS does.
func (s *stream) tell(ctx context.Context, store *dynamo.Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var records []map[string]any
	for i := range max(0, len(s.images)-1) {
		records = append(records, map[string]any{"dynamodb": map[string]any{
			"Keys":     map[string]any{"namespace": map[string]any{"S": store.Namespace}},
			"OldImage": inEvent(s.images[i]), "NewImage": inEvent(s.images[i+1]), "SequenceNumber": strconv.Itoa(i),
		}})
	}
	event, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		return err
	}
	result, err := named(store, "record").Run(ctx, event)
	if err == nil && string(result) != `{"batchItemFailures":[]}` {
		err = errors.New(string(result))
	}
	if err == nil && len(s.images) > 0 {
		s.images = s.images[len(s.images)-1:]
	}
	return err
}

// named returns the store's operation of that name.
func named(store *dynamo.Store, name string) operation.Operation {
	all := dynamo.Operations(store, 0, 0)
	return all[slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })]
}

// inEvent writes an item as an event has it.
func inEvent(item map[string]types.AttributeValue) map[string]any {
	all := map[string]any{}
	for name, value := range item {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			all[name] = map[string]any{"S": v.Value}
		case *types.AttributeValueMemberN:
			all[name] = map[string]any{"N": v.Value}
		case *types.AttributeValueMemberBOOL:
			all[name] = map[string]any{"BOOL": v.Value}
		case *types.AttributeValueMemberSS:
			all[name] = map[string]any{"SS": v.Value}
		case *types.AttributeValueMemberM:
			all[name] = map[string]any{"M": inEvent(v.Value)}
		}
	}
	return all
}

// watched is a store whose stream has arrived by the time that somebody asks for
// events.
type watched struct {
	*dynamo.Store
	stream *stream
}

func (w *watched) Events(ctx context.Context, seq int64, limit int) ([]locks.Event, error) {
	if err := w.stream.tell(ctx, w.Store); err != nil {
		return nil, err
	}
	return w.Store.Events(ctx, seq, limit)
}

func (w *watched) LastEvent(ctx context.Context) (int64, error) {
	if err := w.stream.tell(ctx, w.Store); err != nil {
		return 0, err
	}
	return w.Store.LastEvent(ctx)
}

// inItem writes values as an item has them.
func inItem(values map[string]any) map[string]types.AttributeValue {
	item, err := attributevalue.MarshalMap(values)
	if err != nil {
		panic(err) // texts and numbers have always had a form
	}
	return item
}
