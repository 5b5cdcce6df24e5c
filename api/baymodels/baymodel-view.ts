import { z } from 'zod';
import type { ClusterTemplate } from '../../common/db/cluster-templates.js';
import { linkList, uuidText } from '../answers.js';
import { templateAnswer, templateAttributes } from '../cluster-templates/template-view.js';
import { isoTime, links } from '../view-values.js';

/** Attributes that a PATCH may touch: a template's, but the driver, which came later. */
export function baymodelAttributes(template: ClusterTemplate) {
  const { driver: _later, ...attributes } = templateAttributes(template);
  return attributes;
}

export const baymodelSummaryAnswer = z.strictObject({
  uuid: uuidText,
  name: z.string(),
  image_id: z.string(),
  apiserver_port: z.int().nullable(),
  coe: z.string(),
  links: linkList,
});

export function baymodelSummary({ uuid, name, imageId, apiserverPort, coe }: ClusterTemplate, baseUrl: string) {
  return {
    uuid,
    name,
    image_id: imageId,
    apiserver_port: apiserverPort ?? null,
    coe,
    links: links(baseUrl, `baymodels/${uuid}`),
  };
}

export const baymodelAnswer = templateAnswer.omit({ driver: true, project_id: true, user_id: true });

export function baymodelView(template: ClusterTemplate, baseUrl: string) {
  return {
    uuid: template.uuid,
    ...baymodelAttributes(template),
    created_at: isoTime(template.createdAt),
    updated_at: isoTime(template.updatedAt),
    links: links(baseUrl, `baymodels/${template.uuid}`),
  };
}
