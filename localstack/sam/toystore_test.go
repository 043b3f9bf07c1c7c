package sam_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/dynamo"
	"lockstep/functions/toystore/rpc"
)

func toystoreInMemory() ground { return toystoreOn(toystore.NewMemory()) }

func toystoreOnDynamoDB(client *dynamodb.Client) ground {
	return toystoreOn(dynamo.New(client, dynamo.LogicalTables(), dynamo.DefaultCatalogue))
}

// toys is what every event meets, each with the stock that is left.
func toys() []toystore.Toy {
	return []toystore.Toy{{Name: "Tux", Price: 2599, Stock: 12}, {Name: "Whale", Price: 3499}}
}

func toystoreOn(store toystore.Store) ground {
	service := &toystore.Service{Store: store}
	return ground{
		operations: append(service.Operations(), rpc.Operation(service, 0)),
		fill: func(t *testing.T) {
			t.Helper()
			for _, toy := range toys() {
				require.NoError(t, store.Put(t.Context(), toy))
			}
		},
		look: func(t *testing.T) any {
			t.Helper()
			all, err := store.Toys(t.Context(), "", 10)
			require.NoError(t, err)
			return all
		},
		before: func() any { return toys() },
		after: func(name string) any {
			all := toys()
			switch name {
			case "buy":
				all[0].Stock--
			case "rpc":
				all[0].Stock -= 2
			case "put":
				all = append([]toystore.Toy{{Name: "Heron", Price: 1999, Stock: 3}}, all...)
			}
			return all
		},
	}
}
