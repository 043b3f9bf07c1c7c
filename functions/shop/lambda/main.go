// Command bootstrap is the shop in Lambda: one binary, deployed once an operation.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/config"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
	"lockstep/functions/shop/eventbridge"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/operation"
	"lockstep/shared/operation/inlambda"
)

func main() { inlambda.Start(open) }

func open(ctx context.Context) ([]operation.Operation, error) {
	client, err := shared.Open(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	tables := dynamo.Tables{Products: os.Getenv("PRODUCTS_TABLE"), Orders: os.Getenv("ORDERS_TABLE"), OrderKeys: os.Getenv("ORDER_KEYS_TABLE")}
	service := &shop.Service{Store: dynamo.New(client, tables, dynamo.DefaultShop), ImageRoot: os.Getenv("PRODUCT_IMAGE_ROOT")}
	bus := &eventbridge.Bus{Client: awseventbridge.NewFromConfig(settings), Name: os.Getenv("ORDERS_BUS")}
	every, err := strconv.Atoi(os.Getenv("EVENT_FAULTS"))
	if err != nil || every < 0 {
		return nil, fmt.Errorf("EVENT_FAULTS must be 0 or more, not %q", os.Getenv("EVENT_FAULTS"))
	}
	return dynamo.Operations(service, &eventbridge.Crashing{Bus: bus, Every: every}), nil
}
