package dynamo

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"lockstep/shared/operation"
)

// Call is something that a store does to a table, as IAM sees it: a transaction is
// the calls that it holds. A declared call has the table's logical id in template.yaml,
// a recorded one the table's name; on a database for tests these are the same.
type Call struct {
	Table  string
	Action string // as IAM names it behind "dynamodb:", such as "GetItem"
}

// On returns the calls of the actions on a table.
func On(table string, actions ...string) []Call {
	all := make([]Call, len(actions))
	for i, action := range actions {
		all[i] = Call{table, action}
	}
	return all
}

// Recording makes a client tell every call before it is made, with the name of the
// operation that it is made for ("" outside of one). report is called from whatever
// goroutine makes the call; attempts of the SDK's own are one call.
func Recording(report func(operation string, c Call)) func(*dynamodb.Options) {
	tell := middleware.InitializeMiddlewareFunc("Recording",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			for _, c := range callsOf(awsmiddleware.GetOperationName(ctx), in.Parameters) {
				report(operation.NameOf(ctx), c)
			}
			return next.HandleInitialize(ctx, in)
		})
	return func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(tell, middleware.After) // the SDK sets the action's name before
		})
	}
}

// callsOf says what a request does to which table.
func callsOf(action string, in any) []Call {
	switch in := in.(type) {
	case *dynamodb.TransactWriteItemsInput:
		return inTransaction(in.TransactItems)
	case *dynamodb.TransactGetItemsInput:
		var all []Call
		for _, i := range in.TransactItems {
			all = append(all, Call{aws.ToString(i.Get.TableName), "GetItem"})
		}
		return all
	case *dynamodb.BatchGetItemInput:
		return onEach(in.RequestItems, action)
	case *dynamodb.BatchWriteItemInput:
		return onEach(in.RequestItems, action)
	}
	call := Call{Action: action} // without a table if it is of none: it shows as a call that nobody declares
	if name := reflect.ValueOf(in).Elem().FieldByName("TableName"); name.IsValid() {
		table, _ := name.Interface().(*string)
		call.Table = aws.ToString(table)
	}
	return []Call{call}
}

func inTransaction(items []types.TransactWriteItem) []Call {
	var all []Call
	for _, i := range items {
		switch {
		case i.Put != nil:
			all = append(all, Call{aws.ToString(i.Put.TableName), "PutItem"})
		case i.Update != nil:
			all = append(all, Call{aws.ToString(i.Update.TableName), "UpdateItem"})
		case i.Delete != nil:
			all = append(all, Call{aws.ToString(i.Delete.TableName), "DeleteItem"})
		case i.ConditionCheck != nil:
			all = append(all, Call{aws.ToString(i.ConditionCheck.TableName), "ConditionCheckItem"})
		}
	}
	return all
}

func onEach[T any](tables map[string]T, action string) []Call {
	var all []Call
	for name := range tables {
		all = append(all, Call{name, action})
	}
	return all
}
